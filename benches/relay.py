"""A relay to a server, with a delay and counters.

It runs on a thread of this program, so it costs a contestant no CPU time.
"""

import asyncio
import contextlib
import re
import socket
import threading
import time

# No contestant pipelines requests, so each request is at the start of a read.
REQUEST = re.compile(rb"(?:GET|HEAD|POST|PUT|LIST) /\S* HTTP/1\.[01]\r\n")


class Tally:
    """What one contestant sent, over all relays that share a ledger.

    `round_trips` is a logical clock. Bytes of a client are one round trip later than the last answer that had reached
    it, on any connection. An answer has the time of its request. So parallel round trips count once. A TLS handshake
    counts, and a TCP handshake, which has no data, does not. The number is never larger than the run's duration
    divided by the relay's round-trip time.
    """

    def __init__(self):
        self.round_trips = self.connections = self.requests = 0
        self.arrivals = []


class Ledger:
    """Holds the current tally. Late bytes of an earlier contestant count for its own tally."""

    def __init__(self):
        self.open()

    def open(self):
        self.tally = Tally()
        return self.tally


class Relay:
    """Listens on a port of 127.0.0.1 and passes every byte on after `delay` seconds, in both directions.

    The system accepts the client's connection at once. So its first bytes also wait for the time of a TCP handshake.
    Requests are counted only with plain HTTP.
    """

    def __init__(self, port, delay=0.0, ledger=None, listening=True):
        self.target, self.delay, self.ledger = port, delay, ledger or Ledger()
        # asyncio disables Nagle's algorithm only if the protocol is named. With it, a small answer after another one
        # would wait for an acknowledgement, which a client sends after 40 ms.
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.loop, self.serving = asyncio.new_event_loop(), set()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        if listening:
            self.listen()

    def listen(self):
        """Starts to listen; before, connections are refused."""
        self.server = self._do(asyncio.start_server(self._serve, sock=self.socket, backlog=4096))

    def close(self):
        """Closes all connections and stops listening."""

        async def end():
            waiting = asyncio.all_tasks() - {asyncio.current_task()}
            for task in waiting:
                task.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)

        self._do(end())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()
        self.socket.close()

    def _do(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result()

    async def _serve(self, client_reader, client_writer):
        # The loop has only weak references to its tasks, so this one needs another reference.
        self.serving.add(asyncio.current_task())
        with contextlib.suppress(asyncio.CancelledError):
            await self._pass_on(client_reader, client_writer)
        self.serving.discard(asyncio.current_task())

    async def _pass_on(self, client_reader, client_writer):
        opened, tally, delay = time.monotonic(), self.ledger.tally, self.delay
        tally.connections += 1
        try:
            server_reader, server_writer = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            return client_writer.close()
        asked, gone = 0, False

        def question(data):
            nonlocal gone
            now = time.monotonic()
            if REQUEST.match(data):
                tally.requests += 1
                tally.arrivals.append(now)
            this, gone = tally.round_trips + 1, not data

            def arrived():
                nonlocal asked
                asked = this if data else asked

            return max(now, opened + 2 * delay) + delay, arrived

        def answer(data):
            this = asked

            def arrived():
                # The client has already closed its side, so nobody receives the rest.
                if data and not gone:
                    tally.round_trips = max(tally.round_trips, this)

            return time.monotonic() + delay, arrived

        await asyncio.gather(bring(client_reader, server_writer, question), bring(server_reader, client_writer, answer))
        server_writer.close()
        client_writer.close()


async def bring(reader, writer, note):
    """`note` returns when received bytes are due, and what to record then."""
    under_way = asyncio.Queue()

    async def deliver():
        while True:
            data, due, then = await under_way.get()
            await asyncio.sleep(due - time.monotonic())
            then()
            try:
                if not data:
                    return writer.write_eof()
                writer.write(data)
            except (OSError, RuntimeError):
                return  # It has gone away meanwhile.

    delivering = asyncio.ensure_future(deliver())
    data = b"-"
    while data:
        try:
            data = await reader.read(1 << 16)
        except OSError:
            data = b""
        under_way.put_nowait((data, *note(data)))
    await delivering
