#include "completions.h"

#include <fcntl.h>
#include <unistd.h>

#include "approvals.h"
#include "raise.h"

namespace py = pybind11;

namespace intentgate::python {
namespace {

bool Prepare(int fd) {
  return fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) == 0 && fcntl(fd, F_SETFD, FD_CLOEXEC) == 0;
}

py::object ToPython(Decided decided) {
  PyObject* decision = NewDecision(std::move(decided));
  if (decision == nullptr) throw py::error_already_set();
  return py::reinterpret_steal<py::object>(decision);
}

// The error is given as an exception that nobody has raised yet.
py::object ToPython(const Result<Approval>& answer) {
  return answer.ok() ? ApprovalToPython(*answer) : ExceptionOf(answer.error());
}

}  // namespace

std::shared_ptr<CompletionQueue> CompletionQueue::Create() {
  int ends[2];
  if (pipe(ends) != 0) return nullptr;
  auto queue = std::make_shared<CompletionQueue>(ends[0], ends[1]);
  return Prepare(ends[0]) && Prepare(ends[1]) ? queue : nullptr;
}

CompletionQueue::~CompletionQueue() {
  close(read_end_);
  close(write_end_);
}

std::uint64_t CompletionQueue::NewTicket() {
  const std::lock_guard lock(mutex_);
  return ++last_ticket_;
}

void CompletionQueue::Put(std::uint64_t ticket, Answer answer) {
  const std::lock_guard lock(mutex_);
  ready_.emplace_back(ticket, std::move(answer));
  // One byte wakes the loop for all that is there when it comes.
  if (ready_.size() == 1) static_cast<void>(!write(write_end_, "", 1));
}

std::vector<CompletionQueue::Entry> CompletionQueue::TakeAll() {
  const std::lock_guard lock(mutex_);
  char bytes[16];
  while (read(read_end_, bytes, sizeof bytes) > 0) {
  }
  return std::exchange(ready_, {});
}

void RegisterCompletions(py::module_& module) {
  py::class_<CompletionQueue, std::shared_ptr<CompletionQueue>>(module, "Completions")
      .def(py::init([] {
        auto queue = CompletionQueue::Create();
        if (!queue) Raise(Error{ErrorCode::kIo, "no pipe for the event loop: too many open files"});
        return queue;
      }))
      .def("fileno", &CompletionQueue::read_end)
      .def("drain", [](CompletionQueue& queue) {
        py::list out;
        for (CompletionQueue::Entry& entry : queue.TakeAll()) {
          out.append(py::make_tuple(entry.first, std::visit([](auto& answer) { return ToPython(std::move(answer)); }, entry.second)));
        }
        return out;
      });
}

}  // namespace intentgate::python
