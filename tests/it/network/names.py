"""A machine of its own, in namespaces: one nameserver, one STS, and a command.

Arguments: the resolv.conf to use, the file for the questions that were asked, ways out of the machine (PORT=SOCKET: what
connects to that port of loopback here is led to that socket in the file system), the command.

Of the names, a4 has an IPv4 address and its question for IPv6 stays unanswered; both has two addresses; none exists
without one; servfail fails; silent is never answered; late, with an IPv4 address, is not for five seconds; everything
else does not exist.
"""
import fcntl
import os
import socket
import struct
import subprocess
import sys
import threading
import time


def loopback_up():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        name = b"lo".ljust(16, b"\0")
        flags = struct.unpack("16sh", fcntl.ioctl(s, 0x8913, name + b"\0" * 16)[:18])[1]
        fcntl.ioctl(s, 0x8914, name + struct.pack("h", flags | 1) + b"\0" * 14)


A, AAAA = 1, 28
ADDRESS = {A: socket.inet_aton("127.0.0.1"), AAAA: socket.inet_pton(socket.AF_INET6, "::1")}
KINDS = {"a4": {A}, "both": {A, AAAA}, "none": set(), "late": {A}}
SILENT_FOR = 5
NOERROR, SERVFAIL, NXDOMAIN = 0, 2, 3


def answer(query, log):
    labels, at = [], 12
    while query[at]:
        labels.append(query[at + 1:at + 1 + query[at]].decode().lower())
        at += 1 + query[at]
    question = query[12:at + 5]
    kind = struct.unpack(">H", query[at + 1:at + 3])[0]
    name = ".".join(labels)
    log.write(f"{name} {'A' if kind == A else 'AAAA' if kind == AAAA else kind}\n")
    log.flush()
    host = labels[0]
    if host == "silent" or (host == "a4" and kind == AAAA):
        return None
    if host == "late" and time.monotonic() < first.setdefault(host, time.monotonic()) + SILENT_FOR:
        return None
    code, found = NXDOMAIN, []
    if host == "servfail":
        code = SERVFAIL
    elif host in KINDS:
        code, found = NOERROR, [ADDRESS[kind]] if kind in KINDS[host] else []
    head = query[:2] + struct.pack(">HHHHH", 0x8180 | code, 1, len(found), 0, 0)
    records = b"".join(b"\xc0\x0c" + struct.pack(">HHIH", kind, 1, 60, len(a)) + a for a in found)
    return head + question + records


def nameserver(log):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind(("127.0.0.1", 53))
        ready.release()
        while True:
            query, peer = s.recvfrom(4096)
            said = answer(query, log)
            if said:
                s.sendto(said, peer)


def sts():
    body = b"""<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>reached</Message></Error><RequestId>r</RequestId></ErrorResponse>"""
    with socket.create_server(("127.0.0.1", 8080)) as s:
        ready.release()
        while True:
            peer, _ = s.accept()
            with peer:
                peer.recv(65536)
                peer.sendall(b"HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body) + body)


def copy(source, sink):
    try:
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        source.close()
        sink.close()


def way_out(port, path):
    with socket.create_server(("127.0.0.1", port)) as s:
        ready.release()
        while True:
            inside, _ = s.accept()
            outside = socket.socket(socket.AF_UNIX)
            outside.connect(path)
            for pair in ((inside, outside), (outside, inside)):
                threading.Thread(target=copy, args=pair, daemon=True).start()


first = {}
ready = threading.Semaphore(0)
resolv_conf, log, *rest = sys.argv[1:]
ways = []
while rest[0][0].isdigit():
    port, path = rest.pop(0).split("=", 1)
    ways.append((way_out, [int(port), path]))
loopback_up()
subprocess.run(["mount", "--bind", resolv_conf, os.path.realpath("/etc/resolv.conf")], check=True)
with open(log, "w") as questions:
    for serve, arguments in ((nameserver, [questions]), (sts, []), *ways):
        threading.Thread(target=serve, args=arguments, daemon=True).start()
        ready.acquire()
    sys.exit(subprocess.run(rest).returncode)
