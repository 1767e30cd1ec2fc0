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
      # test/sources.test.ts compares them with the files there are.
      "conditions": [
        ["OS=='linux' or OS=='win'", {
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
            "native/watchdog.cc"
          ]
        }, {
          "sources": ["native/unsupported.cc"]
        }],
        ["OS=='linux'", {
          "sources": [
            "native/linux/bpf.cc",
            "native/linux/exports.cc",
            "native/linux/gate_poll.cc",
            "native/linux/group.cc",
            "native/linux/parent_death.cc",
            "native/linux/group_look.cc",
            "native/linux/kernel_table.cc",
            "native/linux/poller.cc",
            "native/linux/selector.cc",
            "native/linux/selector_cbpf.cc",
            "native/linux/selector_ebpf.cc",
            "native/posix/bell.cc",
            "native/posix/channel.cc",
            "native/posix/datagram.cc",
            "native/posix/endpoint.cc",
            "native/posix/fd_room.cc",
            "native/posix/lane_pipe.cc",
            "native/posix/listener.cc",
            "native/posix/message.cc",
            "native/posix/peer.cc",
            "native/posix/shared_memory.cc",
            "native/posix/thread_time.cc"
          ]
        }],
        # By MSVC. CMakeLists.txt has the same for MinGW, and a delay_hook.cc where node-gyp brings its own.
        ["OS=='win'", {
          "sources": [
            "native/win/bell.cc",
            "native/win/event.cc",
            "native/win/event_watch.cc",
            "native/win/exports.cc",
            "native/win/fd_room.cc",
            "native/win/gate_poll.cc",
            "native/win/handle_count.cc",
            "native/win/inheritance.cc",
            "native/win/lane_pipe.cc",
            "native/win/listener.cc",
            "native/win/load_table.cc",
            "native/win/poller.cc",
            "native/win/shared_memory.cc",
            "native/win/socket_sharing.cc",
            "native/win/socket_watcher.cc",
            "native/win/thread_time.cc"
          ],
          "win_delay_load_hook": "true",
          "defines!": ["_HAS_EXCEPTIONS=0"],
          "defines": ["_WIN32_WINNT=0x0A00", "WIN32_LEAN_AND_MEAN", "NOMINMAX"],
          "libraries": ["-lws2_32", "-lmswsock", "-lbcrypt", "-liphlpapi"],
          "msvs_settings": {
            "VCCLCompilerTool": {
              "ExceptionHandling": 1,
              "AdditionalOptions!": ["-std:c++20"],
              # Of a Node that was itself built by clang with ThinLTO, as 26 is: MSVC knows none of it.
              "AdditionalOptions/": [["exclude", "^-flto"]],
              # node-addon-api asks for static analysis: of no use to who installs this.
              "AdditionalOptions": ["/std:c++17", "/analyze-"]
            },
            "VCLibrarianTool": { "AdditionalOptions/": [["exclude", "^-flto"]] },
            "VCLinkerTool": { "AdditionalOptions/": [["exclude", "^-flto"], ["exclude", "lldltojobs"]] }
          }
        }],
        ["OS=='win' and strict!=''", {
          "msvs_settings": {
            "VCCLCompilerTool": {
              "WarningLevel": 4,
              "WarnAsError": "true",
              # Not in the headers of others: napi.h, uv.h, the system's.
              "AdditionalOptions": [
                "/external:anglebrackets",
                "/external:I <!(node -p \"require('node-addon-api').include\")",
                "/external:W0"
              ]
            }
          },
          "msvs_disabled_warnings": [
            4324,  # padding: of what is aligned to a cache line
            4456, 4457, 4458, 4459,  # a name hides another: -Wall -Wextra allow it too
            4702  # code that is never reached: after calls that always throw on this platform
          ]
        }],
        ["OS!='win'", {
          "cflags_cc": ["-std=c++17", "-Wall", "-Wextra", "-Wno-cast-function-type", "-fvisibility=hidden"]
        }],
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
        ["strict!=''", {"cflags_cc": ["-Werror"]}],
        ["sanitize!=''", {
          "cflags_cc": ["-fsanitize=<(sanitize)", "-fno-sanitize-recover=all", "-fno-omit-frame-pointer", "-O1", "-g"],
          "ldflags": ["-fsanitize=<(sanitize)"]
        }]
      ]
    }
  ]
}
