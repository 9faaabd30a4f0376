"""llama.cpp's own HTTP server, which xllamacpp has compiled in: llama_server.py WEIGHTS PORT CONTEXT, until killed.

Run by the Python of .venv/llm (scripts/test --llm).
"""

import signal
import sys

import xllamacpp

parameters = xllamacpp.CommonParams()
parameters.model.path = sys.argv[1]
parameters.hostnames = ["127.0.0.1"]
parameters.port = int(sys.argv[2])
parameters.n_ctx = int(sys.argv[3])
parameters.n_parallel = 1
parameters.cpuparams.n_threads = 2
parameters.offline = True

server = xllamacpp.Server(parameters)
signal.pause()
