#include "values.h"

#include <cmath>
#include <string>

namespace py = pybind11;

namespace intentgate::python {
namespace {

constexpr int kMaxDepth = 128;

[[noreturn]] void RaiseType(const std::string& where, py::handle object) {
  const auto name = py::str(py::type::handle_of(object).attr("__name__"));
  throw py::type_error("argument " + (where.empty() ? "itself" : where) + ": a " + std::string(name) +
                       " cannot be sent to a tool; use None, bool, int, float, str, list or dict");
}

std::string Text(py::handle object, const std::string& where) {
  Py_ssize_t size = 0;
  const char* data = PyUnicode_AsUTF8AndSize(object.ptr(), &size);
  if (data == nullptr) {
    PyErr_Clear();
    throw py::value_error("argument " + where + ": a lone surrogate cannot be sent as UTF-8");
  }
  return std::string(data, static_cast<std::size_t>(size));
}

json::Value Convert(py::handle object, const std::string& where, int depth) {
  PyObject* p = object.ptr();
  if (p == Py_None) return nullptr;
  // bool is a subclass of int, so it is asked first.
  if (PyBool_Check(p)) return p == Py_True;
  if (PyLong_CheckExact(p)) {
    return *json::Value::NumberFromText(std::string(py::str(object)));
  }
  if (PyFloat_CheckExact(p)) {
    const double d = PyFloat_AS_DOUBLE(p);
    if (!std::isfinite(d)) throw py::value_error("argument " + where + ": JSON has no NaN and no infinity");
    return json::Value::Double(d);
  }
  if (PyUnicode_CheckExact(p)) return Text(object, where);
  if (depth >= kMaxDepth) throw py::value_error("argument " + where + ": nested deeper than 128");
  if (PyList_CheckExact(p) || PyTuple_CheckExact(p)) {
    json::Array out;
    std::size_t index = 0;
    for (const py::handle element : py::reinterpret_borrow<py::sequence>(object)) {
      out.push_back(Convert(element, where + "/" + std::to_string(index++), depth + 1));
    }
    return json::Value(std::move(out));
  }
  if (PyDict_CheckExact(p)) {
    json::Object out;
    for (const auto& [key, value] : py::reinterpret_borrow<py::dict>(object)) {
      if (!PyUnicode_CheckExact(key.ptr())) throw py::type_error("argument " + where + ": a member name must be a str");
      std::string name = Text(key, where);
      json::Value inner = Convert(value, where + "/" + name, depth + 1);
      out.push_back({std::move(name), std::move(inner)});
    }
    return json::Value(std::move(out));
  }
  RaiseType(where, object);
}

}  // namespace

json::Value FromPython(py::handle object) { return Convert(object, "", 0); }

py::object ToPython(const json::Value& value) {
  switch (value.kind()) {
    case json::Kind::kNull: return py::none();
    case json::Kind::kBool: return py::bool_(value.bool_value());
    case json::Kind::kNumber: {
      const std::string& text = value.number_text();
      if (text.find_first_of(".eE") == std::string::npos) {
        return py::reinterpret_steal<py::object>(PyLong_FromString(text.c_str(), nullptr, 10));
      }
      return py::float_(value.AsDouble().value_or(std::nan("")));
    }
    case json::Kind::kString: return py::str(value.string_value());
    case json::Kind::kArray: {
      py::list out;
      for (const json::Value& element : value.array()) out.append(ToPython(element));
      return out;
    }
    case json::Kind::kObject: break;
  }
  py::dict out;
  for (const json::Member& member : value.object()) out[py::str(member.name)] = ToPython(member.value);
  return out;
}

}  // namespace intentgate::python
