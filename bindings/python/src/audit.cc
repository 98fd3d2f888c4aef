#include "audit.h"

#include <pybind11/stl.h>

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <utility>

#include <intentgate/retention.h>

#include "raise.h"
#include "values.h"

namespace py = pybind11;

namespace intentgate::python {
namespace {

using Micros = std::optional<std::int64_t>;

py::dict VerifyAudit(py::handle self, const std::string& tenant) {
  const std::shared_ptr<Gate> gate = Borrow(self);
  const VerifyReport report = Take(WithoutGil([&] { return gate->VerifyAudit(tenant); }));
  py::dict out;
  out["ok"] = report.ok;
  out["tenant"] = report.tenant;
  out["verified"] = report.verified;
  out["problem"] = report.problem;
  out["broken_seq"] = report.broken_seq;
  return out;
}

// (events, after): the events as JSON values.
py::tuple QueryAudit(py::handle self, const py::dict& filter, const std::string& after, std::size_t limit) {
  const std::shared_ptr<Gate> gate = Borrow(self);
  const AuditFilter wanted = FilterFrom(filter);
  const AuditPage page = Take(WithoutGil([&] { return gate->QueryAudit(wanted, after, limit); }));
  py::list events;
  for (const AuditRecord& record : page.records) events.append(ToPython(Take(ShownEvent(record))));
  return py::make_tuple(events, page.next);
}

void ExportAudit(py::handle self, const std::string& path, const py::dict& filter, const std::string& format) {
  const std::shared_ptr<Gate> gate = Borrow(self);
  const AuditFilter wanted = FilterFrom(filter);
  const Result<ExportFormat> as = ParseExportFormat(format);
  if (!as.ok()) throw py::value_error(as.error().message);
  OutputFile file(path);
  Take(WithoutGil([&] { return file.Close(gate->ExportAudit(wanted, *as, file.Sink())); }));
}

py::dict EraseValues(py::handle self, const py::dict& filter, const std::string& reason, bool dry_run, const std::string& actor) {
  const std::shared_ptr<Gate> gate = Borrow(self);
  EraseRequest request;
  request.filter = FilterFrom(filter);
  request.reason = reason;
  request.dry_run = dry_run;
  const EraseReport report = Take(WithoutGil([&] { return gate->EraseValues(request, {actor, "", ""}); }));
  py::dict out;
  out["events"] = report.events;
  out["values"] = report.values;
  out["approvals"] = report.approvals;
  return out;
}

void PlaceHold(py::handle self, const std::string& tenant, const std::string& id, const std::string& reason, const Micros& from,
               const Micros& to, const std::string& actor) {
  const std::shared_ptr<Gate> gate = Borrow(self);
  LegalHold hold;
  hold.tenant = tenant;
  hold.id = id;
  hold.reason = reason;
  hold.from_micros = from.value_or(hold.from_micros);
  hold.to_micros = to.value_or(hold.to_micros);
  Take(WithoutGil([&] { return gate->PlaceHold(hold, {actor, "", ""}); }));
}

void LiftHold(py::handle self, const std::string& tenant, const std::string& id, const std::string& reason, const std::string& actor) {
  const std::shared_ptr<Gate> gate = Borrow(self);
  Take(WithoutGil([&] { return gate->LiftHold(tenant, id, reason, {actor, "", ""}); }));
}

py::list Holds(py::handle self, const std::string& tenant) {
  const std::shared_ptr<Gate> gate = Borrow(self);
  const LegalHold open;
  py::list out;
  for (const LegalHold& hold : Take(WithoutGil([&] { return gate->Holds(tenant); }))) {
    py::dict row;
    row["tenant"] = hold.tenant;
    row["id"] = hold.id;
    row["reason"] = hold.reason;
    row["placed_by"] = hold.placed_by;
    row["placed_at_micros"] = hold.placed_at_micros;
    row["from_micros"] = hold.from_micros == open.from_micros ? Micros() : Micros(hold.from_micros);
    row["to_micros"] = hold.to_micros == open.to_micros ? Micros() : Micros(hold.to_micros);
    out.append(row);
  }
  return out;
}

}  // namespace

AuditFilter FilterFrom(const py::dict& members) {
  AuditFilter filter;
  const auto text = [&](const char* name, std::string& to) { to = TextOf(members[name], name); };
  const auto micros = [&](const char* name, Micros& to) {
    const py::object value = members[name];
    if (!value.is_none() && !PyLong_Check(value.ptr())) throw py::type_error(std::string(name) + " must be an int or None");
    to = value.cast<Micros>();
  };
  text("tenant", filter.tenant);
  text("agent_id", filter.agent_id);
  text("tool", filter.tool);
  text("decision", filter.decision);
  text("check", filter.check);
  text("jti", filter.jti);
  text("event_id", filter.event_id);
  text("kind", filter.kind);
  text("root_jti", filter.root_jti);
  text("session_id", filter.session_id);
  text("code", filter.code);
  text("actor", filter.actor);
  micros("from_micros", filter.from_micros);
  micros("to_micros", filter.to_micros);
  return filter;
}

OutputFile::OutputFile(const std::string& path)
    : unwritable_{ErrorCode::kIo, path + ": cannot be written"}, file_(path, std::ios::binary | std::ios::trunc) {
  if (!file_) Raise(unwritable_);
}

ExportSink OutputFile::Sink() {
  return [this](std::string_view piece) -> Status {
    file_.write(piece.data(), static_cast<std::streamsize>(piece.size()));
    if (!file_) return unwritable_;
    return {};
  };
}

Status OutputFile::Close(Status written) {
  file_.close();
  return written.ok() && !file_ ? Status(unwritable_) : written;
}

void RegisterAudit(GateType& type) {
  type.def("_verify_audit", &VerifyAudit, py::arg("tenant"))
      .def("_query_audit", &QueryAudit, py::arg("filter"), py::arg("after"), py::arg("limit"))
      .def("_export_audit", &ExportAudit, py::arg("path"), py::arg("filter"), py::arg("format"))
      .def("_erase_values", &EraseValues, py::arg("filter"), py::arg("reason"), py::arg("dry_run"), py::arg("actor"))
      .def("_place_hold", &PlaceHold, py::arg("tenant"), py::arg("id"), py::arg("reason"), py::arg("from_micros"),
           py::arg("to_micros"), py::arg("actor"))
      .def("_lift_hold", &LiftHold, py::arg("tenant"), py::arg("id"), py::arg("reason"), py::arg("actor"))
      .def("_holds", &Holds, py::arg("tenant"));
}

}  // namespace intentgate::python
