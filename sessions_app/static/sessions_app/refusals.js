/** Why a command was not taken, in words for people. The server's own words say more where the code alone says little. */

import { filled, gettext, language } from "./words.js";

const WORDS = {
  rate_limited: gettext("That was a bit fast. Please wait a moment and try again."),
  busy: gettext("The tutor is still at work. Please wait a moment, or press Stop."),
  queue_full: gettext("Enough messages wait already. Please let the tutor answer them first."),
  draining: gettext("The server is restarting. Please try again in a moment."),
  unavailable: gettext("That cannot be done right now. Please try again in a moment."),
  internal: gettext("Something went wrong on our side. Please try again."),
  read_only: gettext("You are only watching here."),
  forbidden: gettext("You may not do that."),
  no_such_turn: gettext("Only the newest turn can be tried again."),
  unreachable: gettext("The server could not be reached. Please try again."),
};

const MIB = 1024 * 1024;

/** The server's own words are English; in another language they would only be half understood. */
export function inPlainWords({ code, message, detail }) {
  if (code === "too_large" && detail?.limit) {
    const limit = detail.limit < MIB ? detail.limit.toLocaleString(language) : `${Math.floor(detail.limit / MIB)} MiB`;
    return filled(gettext("That is too much: at most %(limit)s, please."), { limit });
  }
  if (WORDS[code]) return WORDS[code];
  return message || gettext("That did not work. Please try again.");
}
