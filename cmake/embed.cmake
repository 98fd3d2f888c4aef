# Files as constants of the program.
#
#   ig_embed(store_sqlite sqlite_migrations FILES ${PROJECT_SOURCE_DIR}/migrations/sqlite/0001_init.sql ...)
#     adds to the target ig_store_sqlite a generated source, and the header "embedded/sqlite_migrations.h":
#
#       namespace intentgate::embedded {
#       struct sqlite_migrations_File { std::string_view name, contents; };
#       std::span<const sqlite_migrations_File> sqlite_migrations();   // in the order given
#       }
#
# Any bytes will do; meant for files of up to some megabytes.
set(IG_EMBED_SCRIPT ${CMAKE_CURRENT_LIST_DIR}/embed_files.cmake)

function(ig_embed target name)
  cmake_parse_arguments(ARG "" "" "FILES" ${ARGN})
  set(folder ${PROJECT_BINARY_DIR}/generated/embedded)
  list(JOIN ARG_FILES "|" joined)
  add_custom_command(
    OUTPUT ${folder}/${name}.cc ${folder}/${name}.h
    COMMAND ${CMAKE_COMMAND} -DNAME=${name} -DFOLDER=${folder} "-DFILES=${joined}" -P ${IG_EMBED_SCRIPT}
    DEPENDS ${ARG_FILES} ${IG_EMBED_SCRIPT}
    COMMENT "Embedding ${name}"
    VERBATIM)
  target_sources(ig_${target} PRIVATE ${folder}/${name}.cc ${folder}/${name}.h)
endfunction()
