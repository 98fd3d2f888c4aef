#include "values.h"

#include <charconv>
#include <cmath>
#include <string>
#include <utility>

#include "raise.h"

namespace py = pybind11;

namespace intentgate::python {
namespace {

// Where in the arguments the walk is: a list on the stack, spelled out only for a message.
struct Place {
  const Place* parent = nullptr;
  std::string_view name;   // a member's; else the index counts
  std::size_t index = 0;
  bool is_member = false;

  std::string Path() const {
    if (parent == nullptr) return "";
    return parent->Path() + "/" + (is_member ? std::string(name) : std::to_string(index));
  }
};

std::string In(const Place& place) {
  const std::string path = place.Path();
  return path.empty() ? "the arguments: " : "argument " + path + ": ";
}

[[noreturn]] void RaiseType(const Place& place, py::handle object) {
  const char* name = Py_TYPE(object.ptr())->tp_name;
  PyObject* p = object.ptr();
  const bool subclass = PyUnicode_Check(p) || PyLong_Check(p) || PyFloat_Check(p) || PyDict_Check(p) || PyList_Check(p) ||
                        PyTuple_Check(p);
  throw py::type_error(In(place) + "a " + name +
                       (subclass ? " could say one thing to the gate and another to the tool; convert it to the plain type"
                                 : " cannot be sent to a tool; use None, bool, int, float, str, list or dict"));
}

class Walk {
 public:
  json::Value Convert(PyObject* p, const Place& place, int depth) {
    if (++values_ > kMaxValues) throw py::value_error(In(place) + "more than 1000000 values");
    if (p == Py_None) return nullptr;
    // bool is a subclass of int, so it is asked first.
    if (PyBool_Check(p)) return p == Py_True;
    if (PyUnicode_CheckExact(p)) return std::string(Text(p, place));
    if (PyLong_CheckExact(p)) return Integer(p);
    if (PyFloat_CheckExact(p)) {
      const double d = PyFloat_AS_DOUBLE(p);
      if (!std::isfinite(d)) throw py::value_error(In(place) + "JSON has no NaN and no infinity");
      return json::Value::Double(d);
    }
    // A cycle ends here too.
    if (depth >= kMaxValueDepth) throw py::value_error("the arguments: nested deeper than 128, or a cycle");
    if (PyDict_CheckExact(p)) return Dict(p, place, depth);
    if (PyList_CheckExact(p) || PyTuple_CheckExact(p)) return Sequence(p, place, depth);
    RaiseType(place, p);
  }

 private:
  std::string_view Text(PyObject* p, const Place& place) {
    Py_ssize_t size = 0;
    const char* data = PyUnicode_AsUTF8AndSize(p, &size);
    if (data == nullptr) {
      if (PyErr_ExceptionMatches(PyExc_MemoryError) != 0) throw py::error_already_set();
      PyErr_Clear();
      throw py::value_error(In(place) + "a lone surrogate cannot be sent as UTF-8");
    }
    bytes_ += static_cast<std::size_t>(size);
    if (bytes_ > kMaxValueBytes) throw py::value_error(In(place) + "more than 64 MiB of text");
    return {data, static_cast<std::size_t>(size)};
  }

  static json::Value Integer(PyObject* p) {
    int overflow = 0;
    const long long small = PyLong_AsLongLongAndOverflow(p, &overflow);
    if (overflow == 0) return static_cast<std::int64_t>(small);
    // Python's own limit on digits (sys.set_int_max_str_digits) raises ValueError here.
    const py::object text = py::reinterpret_steal<py::object>(PyObject_Str(p));
    if (!text) throw py::error_already_set();
    return Take(json::Value::NumberFromText(TextOf(text, "an int")));
  }

  json::Value Sequence(PyObject* p, const Place& place, int depth) {
    const bool is_list = PyList_CheckExact(p);
    const Py_ssize_t size = is_list ? PyList_GET_SIZE(p) : PyTuple_GET_SIZE(p);
    json::Array out;
    out.reserve(static_cast<std::size_t>(size));
    for (Py_ssize_t i = 0; i < size; ++i) {
      const Place inner{&place, {}, static_cast<std::size_t>(i), false};
      out.push_back(Convert(is_list ? PyList_GET_ITEM(p, i) : PyTuple_GET_ITEM(p, i), inner, depth + 1));
    }
    return json::Value(std::move(out));
  }

  json::Value Dict(PyObject* p, const Place& place, int depth) {
    json::Object out;
    out.reserve(static_cast<std::size_t>(PyDict_GET_SIZE(p)));
    PyObject* key = nullptr;
    PyObject* value = nullptr;
    Py_ssize_t position = 0;
    while (PyDict_Next(p, &position, &key, &value) != 0) {
      if (!PyUnicode_CheckExact(key)) {
        throw py::type_error(In(place) + "a member name must be a str, not a " + Py_TYPE(key)->tp_name);
      }
      std::string name(Text(key, place));
      const Place inner{&place, name, 0, true};
      json::Value converted = Convert(value, inner, depth + 1);
      out.push_back({std::move(name), std::move(converted)});
    }
    return json::Value(std::move(out));
  }

  std::size_t values_ = 0;
  std::size_t bytes_ = 0;
};

py::object Checked(PyObject* made) {
  if (made == nullptr) throw py::error_already_set();
  return py::reinterpret_steal<py::object>(made);
}

py::object Text(std::string_view text) {
  return Checked(PyUnicode_DecodeUTF8(text.data(), static_cast<Py_ssize_t>(text.size()), nullptr));
}

py::object NumberToPython(const json::Value& value) {
  const std::string& text = value.number_text();
  if (text.find_first_of(".eE") == std::string::npos) {
    std::int64_t small = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), small);
    if (error == std::errc() && end == text.data() + text.size()) return Checked(PyLong_FromLongLong(small));
    return Checked(PyLong_FromString(text.c_str(), nullptr, 10));
  }
  if (const std::optional<double> number = value.AsDouble()) return Checked(PyFloat_FromDouble(*number));
  return py::module_::import("decimal").attr("Decimal")(Text(text));
}

}  // namespace

json::Value FromPython(py::handle object) { return Walk().Convert(object.ptr(), Place{}, 0); }

json::Value ObjectFromPython(py::handle object, const char* what) {
  if (object.is_none() || PyDict_CheckExact(object.ptr())) return FromPython(object);
  if (!PyDict_Check(object.ptr()) && PyMapping_Check(object.ptr()) == 0) {
    throw py::type_error(std::string(what) + " must be a dict or None, not a " + Py_TYPE(object.ptr())->tp_name);
  }
  const py::dict copy;
  if (PyDict_Update(copy.ptr(), object.ptr()) != 0) {
    if (PyErr_ExceptionMatches(PyExc_AttributeError) == 0) throw py::error_already_set();
    PyErr_Clear();
    throw py::type_error(std::string(what) + " must be a dict or None, not a " + Py_TYPE(object.ptr())->tp_name);
  }
  return FromPython(copy);
}

py::object ToPython(const json::Value& value) {
  switch (value.kind()) {
    case json::Kind::kNull: return py::none();
    case json::Kind::kBool: return py::bool_(value.bool_value());
    case json::Kind::kNumber: return NumberToPython(value);
    case json::Kind::kString: return Text(value.string_value());
    case json::Kind::kArray: {
      const json::Array& array = value.array();
      const py::object list = Checked(PyList_New(static_cast<Py_ssize_t>(array.size())));
      for (std::size_t i = 0; i < array.size(); ++i) {
        PyList_SET_ITEM(list.ptr(), static_cast<Py_ssize_t>(i), ToPython(array[i]).release().ptr());
      }
      return list;
    }
    case json::Kind::kObject: break;
  }
  const py::object dict = Checked(PyDict_New());
  for (const json::Member& member : value.object()) {
    const py::object name = Text(member.name);
    const py::object inner = ToPython(member.value);
    if (PyDict_SetItem(dict.ptr(), name.ptr(), inner.ptr()) != 0) throw py::error_already_set();
  }
  return dict;
}

std::string_view TextOf(py::handle object, const char* what) {
  if (!PyUnicode_Check(object.ptr())) {
    throw py::type_error(std::string(what) + " must be a str, not a " + Py_TYPE(object.ptr())->tp_name);
  }
  Py_ssize_t size = 0;
  const char* data = PyUnicode_AsUTF8AndSize(object.ptr(), &size);
  if (data == nullptr) {
    if (PyErr_ExceptionMatches(PyExc_MemoryError) != 0) throw py::error_already_set();
    PyErr_Clear();
    throw py::value_error(std::string(what) + ": a lone surrogate cannot be sent as UTF-8");
  }
  return {data, static_cast<std::size_t>(size)};
}

}  // namespace intentgate::python
