// Filters the cases; without it the page shows all of them.
const form = document.querySelector(".filter");
const entries = [...document.querySelectorAll(".entry")];
const texts = new Map();

function filter() {
  const { status, suite, text } = Object.fromEntries(new FormData(form));
  const wanted = text.trim().toLowerCase();
  let shown = 0;
  for (const entry of entries) {
    if (wanted && !texts.has(entry)) texts.set(entry, entry.textContent.toLowerCase());
    entry.hidden =
      (status && !entry.classList.contains(status)) ||
      (suite && entry.dataset.suite !== suite) ||
      (wanted && !texts.get(entry).includes(wanted));
    shown += !entry.hidden;
  }
  form.querySelector("output").textContent = `${shown} of ${entries.length}`;
}

form.addEventListener("input", filter);
form.addEventListener("submit", (event) => event.preventDefault());
filter();
