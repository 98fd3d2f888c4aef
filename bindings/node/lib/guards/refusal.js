"use strict";

/** A refusal in words that a model can act on: what was refused, why, and that asking again does not help. */
function refusalText(decision, tool) {
  const what = tool === undefined ? "The call" : `The call of ${JSON.stringify(tool)}`;
  if (decision.verdict === "escalate") {
    const text = `${what} needs a person's approval first (${decision.code}): ${decision.reason}`;
    return decision.approvalId === "" ? text : `${text}. It was not executed; make exactly the same call again once approval ${decision.approvalId} is given.`;
  }
  return `${what} was refused (${decision.code}): ${decision.reason}. It was not executed; the same call will be refused again.`;
}

module.exports = { refusalText };
