/** What a safety hold is about, in words for teachers. */

import { gettext } from "./words.js";

const WORDS = {
  self_harm: gettext("The learner wrote of harming themselves."),
  abuse: gettext("The learner wrote of being abused."),
  bullying: gettext("The learner wrote of being bullied."),
};

/** Words for a concern; an unknown one stands for itself. */
export const concern = (why) => WORDS[why] ?? why;
