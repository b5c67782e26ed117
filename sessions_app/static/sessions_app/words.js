/** What the page says, in the reader's language: Django's catalogue (`/words.js`) has put its functions into the window. */

/** The translation of a text. */
export const gettext = (text) => globalThis.gettext?.(text) ?? text;

/** The same for a text that depends on a number. */
export const ngettext = (one, many, count) => globalThis.ngettext?.(one, many, count) ?? (count === 1 ? one : many);

/** A text with values at its `%(name)s`. */
export const filled = (text, values) => text.replace(/%\((\w+)\)s/g, (_, name) => String(values[name]));

/** The language of these words. */
export const language = document.documentElement.lang || "en";

/** A moment as people write it; `time` alone where it is today. */
export function moment(iso) {
  const at = new Date(iso);
  const today = at.toDateString() === new Date().toDateString();
  return at.toLocaleString(language, today ? { timeStyle: "short" } : { dateStyle: "medium", timeStyle: "short" });
}

const STEPS = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
  ["second", 1],
];
const named = new Intl.RelativeTimeFormat(language, { numeric: "auto" });
const relative = new Intl.RelativeTimeFormat(language, { numeric: "auto", style: "short" });

/** The day of a moment: "today", "tomorrow", or its date. */
export function day(iso) {
  const [at, today] = [new Date(iso), new Date()];
  const days = Math.round((new Date(at).setHours(0, 0, 0, 0) - today.setHours(0, 0, 0, 0)) / 86_400_000);
  if (days === 0 || days === 1) return named.format(days, "day");
  return at.toLocaleDateString(language, { dateStyle: "long" });
}

/** How long ago something was: "3 min. ago". */
export function ago(iso, now = Date.now()) {
  const seconds = Math.max(0, Math.round((now - new Date(iso)) / 1000));
  const [unit, size] = STEPS.find(([, least]) => seconds >= least) ?? STEPS.at(-1);
  return relative.format(-Math.floor(seconds / size), unit);
}
