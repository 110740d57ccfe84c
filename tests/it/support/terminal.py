"""Runs a program on a terminal: types standard input into it, a line at a time, and prints what it shows.

A line is typed once the program has been silent for a moment, as a person would. Ends with the program's own status.
"""

import os
import pty
import select
import signal
import sys
import termios
import time

SILENCE = 0.15
BOUND = 40

lines = sys.stdin.buffer.read().splitlines(keepends=True)
pid, terminal = pty.fork()
if pid == 0:
    attributes = termios.tcgetattr(0)
    attributes[3] &= ~termios.ECHO
    termios.tcsetattr(0, termios.TCSANOW, attributes)
    os.execv(sys.argv[1], sys.argv[1:])

end = time.monotonic() + BOUND
while True:
    if time.monotonic() > end:
        os.kill(pid, signal.SIGKILL)
        sys.stderr.write("the program on the terminal did not end\n")
    readable, _, _ = select.select([terminal], [], [], SILENCE)
    if readable:
        try:
            shown = os.read(terminal, 65536)
        except OSError:
            break
        if not shown:
            break
        os.write(1, shown)
    elif lines:
        os.write(terminal, lines.pop(0))

_, status = os.waitpid(pid, 0)
code = os.waitstatus_to_exitcode(status)
sys.exit(code if code >= 0 else 128 - code)
