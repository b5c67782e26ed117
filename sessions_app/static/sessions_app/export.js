// Shows how far an export has come. Without this script the link downloads the same file.
const link = document.getElementById("export");
const bar = document.getElementById("export-progress");
const told = document.getElementById("export-told");
const NEWLINE = 10;

async function download() {
  const response = await fetch(link.href);
  if (!response.ok) throw new Error(`the server answered ${response.status}`);
  const parts = [];
  let lines = 0;
  for (let reader = response.body.getReader(), piece; !(piece = await reader.read()).done; ) {
    parts.push(piece.value);
    for (const byte of piece.value) lines += byte === NEWLINE;
    bar.max = Math.max(bar.max, lines);
    bar.value = lines;
    told.textContent = `${lines.toLocaleString()} lines`;
  }
  const saved = document.createElement("a");
  saved.href = URL.createObjectURL(new Blob(parts, { type: "application/jsonl" }));
  saved.download = /filename="([^"]+)"/.exec(response.headers.get("Content-Disposition"))[1];
  saved.click();
  URL.revokeObjectURL(saved.href);
  bar.value = bar.max;
}

link?.addEventListener("click", async (event) => {
  event.preventDefault();
  bar.hidden = false;
  try {
    await download();
  } catch (error) {
    told.textContent = `The export stopped (${error.message}). Try again.`;
  }
});
