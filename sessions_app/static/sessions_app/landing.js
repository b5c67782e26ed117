/** The first page: one click makes a guest and opens the lesson, or begins a review; times are those of the reader's clock. */

import { inPlainWords } from "./refusals.js";
import { post } from "./server.js";
import { day, gettext, moment } from "./words.js";

for (const time of document.querySelectorAll("time")) {
  time.textContent = "day" in time.dataset ? day(time.dateTime) : moment(time.dateTime);
}

const notice = document.getElementById("notice");

for (const form of document.querySelectorAll("form[data-then]")) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = form.querySelector("button");
    if (button.getAttribute("aria-disabled") === "true") return;
    button.setAttribute("aria-disabled", "true");
    notice.hidden = true;
    try {
      const answer = await fetch(form.action, {
        method: "POST",
        headers: { "X-CSRFToken": form.elements.csrfmiddlewaretoken.value, Accept: "application/json" },
      });
      if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
      location.assign(form.dataset.then);
    } catch (error) {
      console.warn("tutor: no guest was made:", error);
      notice.textContent = gettext("That did not work: the server could not be reached or takes no guests now. Please try again.");
      notice.hidden = false;
      button.removeAttribute("aria-disabled");
    }
  });
}

for (const button of document.querySelectorAll("[data-review]")) {
  button.addEventListener("click", async () => {
    if (button.getAttribute("aria-disabled") === "true") return;
    button.setAttribute("aria-disabled", "true");
    notice.hidden = true;
    try {
      await post("/api/sessions", { course: button.dataset.review, review: true });
    } catch (error) {
      // A lesson of the course goes on, begun in another tab since: that is where to go.
      if (error.code !== "invalid_transition") {
        notice.textContent = inPlainWords(error);
        notice.hidden = false;
        button.removeAttribute("aria-disabled");
        return;
      }
    }
    location.assign(button.dataset.then);
  });
}

// The browser's own "back" may show this page as it was left, button and all.
addEventListener("pageshow", () => {
  for (const button of document.querySelectorAll("button[aria-disabled]")) button.removeAttribute("aria-disabled");
});
