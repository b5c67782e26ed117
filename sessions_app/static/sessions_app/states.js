/** What teachers read for the names of states. */

import { gettext } from "./words.js";

/** state → [words, tone]; tones are those of the style sheet's badges. */
const STATES = {
  created: [gettext("Just created"), "neutral"],
  exposition: [gettext("Explaining"), "active"],
  setting_question: [gettext("Choosing a question"), "active"],
  awaiting_answer: [gettext("Question open"), "nearly"],
  awaiting_tool_result: [gettext("Tool at work"), "active"],
  remediating_known_error: [gettext("Treating a known error"), "nearly"],
  reviewing_solution: [gettext("Going over the solution"), "active"],
  topic_complete: [gettext("Topic complete"), "good"],
  paused: [gettext("Paused"), "neutral"],
  error_state: [gettext("In trouble"), "again"],
  completed: [gettext("Completed"), "good"],
};

/** `[words, tone]` of a state; an unknown name stands for itself. */
export const inWords = (state) => STATES[state] ?? [String(state).replaceAll("_", " "), "neutral"];
