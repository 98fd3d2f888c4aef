# One CMake target a module.
#
#   ig_module(token SOURCES mint.cc ... DEPS ig::json PRIVATE_DEPS ig::dep_re2)
#     a static library ig::token from the files of the current folder; DEPS are the modules that
#     docs/design/architecture.md allows it, PRIVATE_DEPS what only its .cc files see.
#   ig_test(token SOURCES a_test.cc ... DEPS ig::token)
#     a doctest binary and a ctest entry; links what it names and nothing else.
#   ig_small(open)
#     a release compiles the module for size: it runs when a gate opens, or waits for others, and the packages carry it.
#   ig_soak(token)
#     the test has a long version (tests/support/soak.h) that `make soak` runs.

function(ig_module name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS;PRIVATE_DEPS" ${ARGN})
  add_library(ig_${name} STATIC ${ARG_SOURCES})
  add_library(ig::${name} ALIAS ig_${name})
  target_include_directories(ig_${name} PUBLIC
    ${PROJECT_SOURCE_DIR}/libintentgate/include)
  target_include_directories(ig_${name} PRIVATE
    ${PROJECT_SOURCE_DIR}/libintentgate ${PROJECT_SOURCE_DIR}/server ${PROJECT_BINARY_DIR}/generated)
  target_link_libraries(ig_${name} PUBLIC ${ARG_DEPS} PRIVATE ig::options ${ARG_PRIVATE_DEPS})
endfunction()

function(ig_test name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  add_executable(${name}_test ${ARG_SOURCES} ${PROJECT_SOURCE_DIR}/tests/support/doctest_main.cc)
  target_include_directories(${name}_test PRIVATE
    ${PROJECT_SOURCE_DIR}/libintentgate ${PROJECT_SOURCE_DIR}/server ${PROJECT_SOURCE_DIR}/tests)
  target_compile_definitions(${name}_test PRIVATE
    INTENTGATE_TEST_DATA="${PROJECT_SOURCE_DIR}/tests")
  target_link_libraries(${name}_test PRIVATE ig::options ${ARG_DEPS})
  add_test(NAME ${name} COMMAND ${name}_test)
endfunction()

function(ig_small)
  foreach(name ${ARGN})
    target_compile_options(ig_${name} PRIVATE $<$<CONFIG:Release>:-Os>)
  endforeach()
endfunction()

function(ig_soak)
  set_tests_properties(${ARGN} PROPERTIES LABELS soak)
endfunction()
