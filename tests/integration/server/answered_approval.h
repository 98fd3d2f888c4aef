// The approval that the scripted gate makes, as a person answered it.
#pragma once

#include <intentgate/approval.h>

namespace intentgate::test {

// No agent may see its note, or who decided.
inline Approval Answered(ApprovalState state) {
  Approval approval;
  approval.id = "apr-1";
  approval.tenant = "default";
  approval.state = state;
  approval.decided_by = "ann";
  approval.note = "secret note";
  return approval;
}

}  // namespace intentgate::test
