"""A long way to a server, that counts what passes.

It runs on a thread of the driver and costs a contestant nothing but the time that it is there to cost.
"""

import asyncio
import contextlib
import re
import socket
import threading
import time

# Nobody here sends a request behind another one, so each begins what is read at once.
REQUEST = re.compile(rb"(?:GET|HEAD|POST|PUT|LIST) /\S* HTTP/1\.[01]\r\n")


class Tally:
    """What one contestant sent, over all relays that share a ledger.

    `round_trips` is a logical clock. What a client sends is one round trip further than the last answer that had
    reached it by then, on any connection; an answer is as far as the question that it follows. So round trips that
    overlap count once, a TLS handshake counts as what it is, and the TCP handshake, which carries no data, not at all.
    No chain of them can be longer than the time over the length of the way allows.
    """

    def __init__(self):
        self.round_trips = self.connections = self.requests = 0
        self.arrivals = []


class Ledger:
    """Holds the current tally: what is still under way of an earlier contestant's goes to that one's."""

    def __init__(self):
        self.open()

    def open(self):
        self.tally = Tally()
        return self.tally


class Relay:
    """Listens on a port of 127.0.0.1 and brings every byte `delay` seconds later, either way.

    The system makes the client's connection at once; so its first bytes wait for as long as its TCP handshake would
    have taken. Requests can be counted in clear alone.
    """

    def __init__(self, port, delay=0.0, ledger=None, listening=True):
        self.target, self.delay, self.ledger = port, delay, ledger or Ledger()
        # asyncio switches Nagle's algorithm off only where the protocol is named. With it, a small answer behind another one
        # waits for an acknowledgement, which a client sends after 40 ms.
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.loop, self.serving = asyncio.new_event_loop(), set()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        if listening:
            self.listen()

    def listen(self):
        """Until then, connections are refused."""
        self.server = self._do(asyncio.start_server(self._serve, sock=self.socket, backlog=4096))

    def close(self):
        """Ends what is still under way, and no longer listens."""

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
        # The loop holds its tasks weakly, and nobody else holds this one.
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
                # What a server says to a farewell reaches nobody.
                if data and not gone:
                    tally.round_trips = max(tally.round_trips, this)

            return time.monotonic() + delay, arrived

        await asyncio.gather(bring(client_reader, server_writer, question), bring(server_reader, client_writer, answer))
        server_writer.close()
        client_writer.close()


async def bring(reader, writer, note):
    """`note` says when what has come is due, and what is then to be written down."""
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
