"""An STS over TLS that refuses every request.

Arguments: the file with its certificates, the file with its key, and the highest version of TLS ("1.2" or "1.3"). Optional:
group=NAME for the only curve of its key exchange, and the file with the authority of required client certificates. It prints
its port, and runs until standard input closes.
"""
import socket
import ssl
import sys
import threading

certificates, key, version, *authority = sys.argv[1:]
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
# A company's authority may still use a digest that the system's policy no longer allows.
context.set_ciphers("ALL:@SECLEVEL=0")
context.load_cert_chain(certificates, key)
context.maximum_version = ssl.TLSVersion.TLSv1_2 if version == "1.2" else ssl.TLSVersion.TLSv1_3
if authority and authority[0].startswith("group="):
    context.set_ecdh_curve(authority.pop(0).removeprefix("group="))
if authority:
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(authority[0])
body = b"""<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>reached</Message></Error><RequestId>r</RequestId></ErrorResponse>"""
answer = b"HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body) + body


def serve(client):
    try:
        with context.wrap_socket(client, server_side=True) as peer:
            peer.recv(65536)
            peer.sendall(answer)
            peer.unwrap()
    except OSError:
        pass


def accept(listener):
    while True:
        client, _ = listener.accept()
        threading.Thread(target=serve, args=[client], daemon=True).start()


with socket.create_server(("127.0.0.1", 0)) as listener:
    threading.Thread(target=accept, args=[listener], daemon=True).start()
    print(listener.getsockname()[1], flush=True)
    sys.stdin.read()
