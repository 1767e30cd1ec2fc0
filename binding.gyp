{
  "variables": {
    "sanitize%": "",
    # For us a warning is an error; a user's newer compiler may know more of them.
    "strict%": "",
    # A prebuilt binary: 'glibc' or 'musl', of one content wherever it is built (npm run prebuild).
    "portable%": ""
  },
  "targets": [
    {
      "target_name": "evenkeel",
      "dependencies": ["<!(node -p \"require('node-addon-api').targets\"):node_addon_api_except"],
      "defines": [
        "NAPI_VERSION=8",
        # A thread that is terminated in the midst of a call cannot be thrown at: without this, abort().
        "NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS"
      ],
      "conditions": [
        ["OS=='linux'", {
          "sources": [
            "native/accept_loop.cc",
            "native/acceptor.cc",
            "native/addon.cc",
            "native/bell_object.cc",
            "native/dispatcher.cc",
            "native/error.cc",
            "native/gatekeeper.cc",
            "native/intake.cc",
            "native/lane.cc",
            "native/listen_socket.cc",
            "native/load_table.cc",
            "native/look.cc",
            "native/loop_stamp.cc",
            "native/reactor.cc",
            "native/recall.cc",
            "native/socket_address.cc",
            "native/watchdog.cc",
            "native/linux/bpf.cc",
            "native/linux/exports.cc",
            "native/linux/gate_poll.cc",
            "native/linux/group.cc",
            "native/linux/group_look.cc",
            "native/linux/kernel_table.cc",
            "native/linux/poller.cc",
            "native/linux/selector.cc",
            "native/linux/selector_cbpf.cc",
            "native/linux/selector_ebpf.cc",
            "native/posix/bell.cc",
            "native/posix/channel.cc",
            "native/posix/endpoint.cc",
            "native/posix/fd_room.cc",
            "native/posix/lane_pipe.cc",
            "native/posix/listener.cc",
            "native/posix/message.cc",
            "native/posix/shared_memory.cc",
            "native/posix/thread_time.cc"
          ]
        }, {
          "sources": ["native/unsupported.cc"]
        }],
        ["OS!='win'", {
          "cflags_cc": ["-std=c++17", "-Wall", "-Wextra", "-Wno-cast-function-type", "-fvisibility=hidden"]
        }],
        ["strict!=''", {"cflags_cc": ["-Werror"]}],
        ["portable=='glibc'", {
          "sources": ["native/linux/portable/old_libraries.cc"]
        }],
        ["portable!=''", {
          "ldflags": [
            "-Wl,--version-script=<(module_root_dir)/native/linux/portable/exports.map",
            "-Wl,--build-id=none",
            "-Wl,--gc-sections"
          ],
          "cflags_cc": ["-ffunction-sections", "-fdata-sections", "-ffile-prefix-map=<(module_root_dir)=evenkeel"]
        }],
        ["sanitize!=''", {
          "cflags_cc": ["-fsanitize=<(sanitize)", "-fno-sanitize-recover=all", "-fno-omit-frame-pointer", "-O1", "-g"],
          "ldflags": ["-fsanitize=<(sanitize)"]
        }]
      ]
    }
  ]
}
