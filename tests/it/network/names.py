"""A separate machine, in namespaces: nameservers, an STS, and a command.

The STS refuses every request: on port 8080 at once, on port 8081 after two answers of 503.

Arguments: the resolv.conf to use, the file for the received queries, more nameservers (@ADDRESS=MANNER), outgoing connections
(PORT=SOCKET), the command. A connection to a PORT of loopback is forwarded to the SOCKET in the file system.

127.0.0.1 is a nameserver unless another manner is given for it. Of the names, a4 has an IPv4 address and its question for
IPv6 stays unanswered; both has two addresses; none exists without one; servfail fails; silent is never answered; late,
with an IPv4 address, is not for five seconds; half has an IPv4 address, after half a second, and to the question for IPv6
it does not exist; alias leads to both, loop to itself; large does not fit into UDP; spoilt has an IPv4 address between
malformed records; everything else does not exist. The manners are:

  plain         answers as above
  slow          as above, 0.8 seconds later
  silent        never answers
  closed        there is no nameserver
  garbage       answers with bytes that are not a message
  referral      answers with neither an answer nor the promise to find one
  servfail, refused, notimp, formerr, nxdomain, empty    answers this to everything
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


A, CNAME, TXT, AAAA = 1, 5, 16, 28
ADDRESS = {A: socket.inet_aton("127.0.0.1"), AAAA: socket.inet_pton(socket.AF_INET6, "::1")}
KINDS = {"a4": {A}, "both": {A, AAAA}, "none": set(), "late": {A}, "alias": {A, AAAA}, "my_vault": {A}, "large": {A},
         "half": {A}, "spoilt": {A}}
SILENT_FOR = 5
CODES = {"formerr": 1, "servfail": 2, "nxdomain": 3, "notimp": 4, "refused": 5, "empty": 0, "referral": 0}
NOERROR, SERVFAIL, NXDOMAIN = 0, 2, 3
ANSWER, REFERRAL, TRUNCATED = 0x8180, 0x8000, 0x0200


def record(owner, kind, data):
    return owner + struct.pack(">HHIH", kind, 1, 60, len(data)) + data


def answer(query, log, address, manner, over_tcp=False):
    labels, at = [], 12
    while query[at]:
        labels.append(query[at + 1:at + 1 + query[at]].decode().lower())
        at += 1 + query[at]
    question = query[12:at + 5]
    kind = struct.unpack(">H", query[at + 1:at + 3])[0]
    name = ".".join(labels)
    server = "" if address == "127.0.0.1" else f"{address} "
    log.write(f"{server}{name} {'A' if kind == A else 'AAAA' if kind == AAAA else kind}{' tcp' if over_tcp else ''}\n")
    log.flush()
    flags, code, records = ANSWER, NXDOMAIN, []
    host = labels[0]
    if manner == "silent":
        return None
    if manner == "garbage":
        return query[:2] + b"\xff" * 40
    if manner in CODES:
        code, flags = CODES[manner], REFERRAL if manner == "referral" else ANSWER
    else:
        if manner == "slow":
            time.sleep(0.8)
        if host == "silent" or (host == "a4" and kind == AAAA):
            return None
        if host == "late" and time.monotonic() < first.setdefault(host, time.monotonic()) + SILENT_FOR:
            return None
        if host == "half" and kind == A:
            time.sleep(0.5)
        if host == "servfail":
            code = SERVFAIL
        elif host == "loop":
            code, records = NOERROR, [record(b"\xc0\x0c", CNAME, b"\xc0\x0c")]
        elif host in KINDS and (host, kind) != ("half", AAAA):
            code, owner = NOERROR, b"\xc0\x0c"
            if host == "alias":
                records = [record(owner, CNAME, b"\x04both\xc0" + bytes([12 + 1 + len(host)]))]
                owner = b"\x04both" + question[1 + len(host):-4]
            if kind in KINDS[host]:
                records += [record(owner, kind, ADDRESS[kind])] * (300 if host == "large" and over_tcp else 1)
            if host == "spoilt":
                # A text and an address of other lengths than their own.
                bad = [record(owner, TXT, b"\xc8x"), record(owner, kind, ADDRESS[kind][:3])]
                records = bad + records + bad
            if host == "large" and not over_tcp:
                flags |= TRUNCATED
    head = query[:2] + struct.pack(">HHHHH", flags | code, 1, len(records), 0, 0)
    return head + question + b"".join(records)


def nameserver(log, address, manner):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as s:
        s.bind((address, 53))
        ready.release()
        while True:
            query, peer = s.recvfrom(4096)
            threading.Thread(target=reply, args=(s, query, peer, log, address, manner), daemon=True).start()


def reply(s, query, peer, log, address, manner):
    said = answer(query, log, address, manner)
    if said:
        s.sendto(said, peer)


def nameserver_over_tcp(log, address, manner):
    with socket.create_server((address, 53), family=socket.AF_INET6 if ":" in address else socket.AF_INET) as s:
        ready.release()
        while True:
            peer, _ = s.accept()
            with peer:
                length = struct.unpack(">H", peer.recv(2))[0]
                said = answer(peer.recv(length), log, address, manner, over_tcp=True)
                if said:
                    peer.sendall(struct.pack(">H", len(said)) + said)


def sts(port, failures):
    body = b"""<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>reached</Message></Error><RequestId>r</RequestId></ErrorResponse>"""
    with socket.create_server(("127.0.0.1", port)) as s:
        ready.release()
        while True:
            peer, _ = s.accept()
            with peer:
                peer.recv(65536)
                if failures:
                    failures -= 1
                    peer.sendall(b"HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
                    continue
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
manners, ways = {"127.0.0.1": "plain"}, []
while rest[0][0] == "@":
    address, manner = rest.pop(0)[1:].split("=", 1)
    manners[address] = manner
while rest[0][0].isdigit():
    port, path = rest.pop(0).split("=", 1)
    ways.append((way_out, [int(port), path]))
loopback_up()
subprocess.run(["mount", "--bind", resolv_conf, os.path.realpath("/etc/resolv.conf")], check=True)
with open(log, "w") as questions:
    servers = [(serve, [questions, address, manner]) for address, manner in manners.items() if manner != "closed"
               for serve in (nameserver, nameserver_over_tcp)]
    for serve, arguments in (*servers, (sts, [8080, 0]), (sts, [8081, 2]), *ways):
        threading.Thread(target=serve, args=arguments, daemon=True).start()
        ready.acquire()
    sys.exit(subprocess.run(rest).returncode)
