# Third-party libraries, each as an ig::dep_* target. docs/dependencies.md gives the reason for each.

find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(OpenSSL 3.0 REQUIRED)

# ig_pkg(name module [package]): by pkg-config; package is Debian's name, for the reader of the error.
function(ig_pkg name module)
  pkg_check_modules(IG_${name} QUIET IMPORTED_TARGET ${module})
  if(NOT IG_${name}_FOUND)
    message(FATAL_ERROR "${module} is missing. Install ${ARGN}; `bash cmake/install-packages.sh` installs all that is needed.")
  endif()
  add_library(ig_dep_${name} INTERFACE)
  add_library(ig::dep_${name} ALIAS ig_dep_${name})
  target_link_libraries(ig_dep_${name} INTERFACE PkgConfig::IG_${name})
endfunction()

ig_pkg(simdjson simdjson libsimdjson-dev)
ig_pkg(fmt fmt libfmt-dev)
ig_pkg(re2 re2 libre2-dev)
ig_pkg(sqlite sqlite3 libsqlite3-dev)
ig_pkg(postgres libpq libpq-dev)
ig_pkg(curl libcurl libcurl4-openssl-dev)
ig_pkg(yaml yaml-cpp libyaml-cpp-dev)

find_package(absl REQUIRED)
add_library(ig_dep_absl INTERFACE)
add_library(ig::dep_absl ALIAS ig_dep_absl)
target_link_libraries(ig_dep_absl INTERFACE absl::time)

if(INTENTGATE_SERVER)
  ig_pkg(spdlog spdlog libspdlog-dev)
  find_package(CLI11 REQUIRED)
  find_path(IG_ASIO_INCLUDE asio.hpp REQUIRED)
  add_library(ig_dep_asio INTERFACE)
  add_library(ig::dep_asio ALIAS ig_dep_asio)
  target_include_directories(ig_dep_asio SYSTEM INTERFACE ${IG_ASIO_INCLUDE})
  target_link_libraries(ig_dep_asio INTERFACE Threads::Threads OpenSSL::SSL)
endif()
