# What a DLL for node.exe needs of MinGW. Node's functions and libuv's are imported when they are first called,
# through delay_hook.cc, since the program they are in is not always called node.exe.
execute_process(
  COMMAND node -p "require('node-api-headers').def_paths.node_api_def"
  WORKING_DIRECTORY ${CMAKE_SOURCE_DIR}
  OUTPUT_VARIABLE NODE_API_DEF
  OUTPUT_STRIP_TRAILING_WHITESPACE
  COMMAND_ERROR_IS_FATAL ANY)
set(UV_DEF ${CMAKE_SOURCE_DIR}/native/win/uv.def)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${UV_DEF})

file(READ ${NODE_API_DEF} NODE_DEFS)
file(READ ${UV_DEF} UV_DEFS)
file(WRITE ${CMAKE_BINARY_DIR}/node.def "${NODE_DEFS}\n${UV_DEFS}")
execute_process(
  COMMAND ${CMAKE_DLLTOOL} -d node.def --output-delaylib libnode.a
  WORKING_DIRECTORY ${CMAKE_BINARY_DIR}
  COMMAND_ERROR_IS_FATAL ANY)

target_sources(evenkeel PRIVATE native/win/delay_hook.cc)
target_link_libraries(evenkeel PRIVATE ${CMAKE_BINARY_DIR}/libnode.a delayimp)

# One file that needs no DLL of the compiler's, and the same bytes wherever and whenever it is made.
target_compile_options(evenkeel PRIVATE -ffile-prefix-map=${CMAKE_SOURCE_DIR}=.)
target_link_options(evenkeel PRIVATE -static -Wl,--no-insert-timestamp $<$<CONFIG:Release>:-s>)
