"""Processes beside the server: each is kept alive and ends with it, however the server ends.

They are processes of their own because their work would take the server's time. The standard input of
each is a pipe that nobody writes: when the server is gone, killed even, the pipe ends and so do they.
"""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Event, Thread

Say = Callable[[str], None]

_LAST_WORDS_SECONDS = 20.0  # a transaction of a child takes less than one
_AGAIN_SECONDS = 5.0
_LOOK_SECONDS = 0.5
_OCOP = (sys.executable, "-P", "-c", "from app.cli import main; main()")


@contextmanager
def kept_beside(*words: str, name: str, say: Say, ended: str) -> Iterator[None]:
    """Run `ocop` with these words beside this process, and again when it ends by itself.

    `ended` is said then, with the code of the end as `{code}`.
    """
    stop = Event()
    keeper = Thread(target=_keep, args=((*_OCOP, *words), stop, say, ended), name=name)
    keeper.start()
    try:
        yield
    finally:
        stop.set()
        keeper.join()


def _keep(command: tuple[str, ...], stop: Event, say: Say, ended: str) -> None:
    while not stop.is_set():
        with subprocess.Popen(command, stdin=subprocess.PIPE) as child:  # noqa: S603 -- our own program
            while child.poll() is None and not stop.wait(_LOOK_SECONDS):
                pass
            if child.stdin is not None:
                child.stdin.close()
            try:
                code = child.wait(_LAST_WORDS_SECONDS)
            except subprocess.TimeoutExpired:
                child.kill()
                code = child.wait()
        if not stop.is_set():
            say(ended.format(code=code))
            stop.wait(_AGAIN_SECONDS)


def stop_when_alone(stop: Event) -> None:
    """Stop as soon as standard input ends: whoever started this process is gone."""

    def wait() -> None:
        with suppress(OSError):
            while sys.stdin.buffer.read(1024):
                pass
        stop.set()

    Thread(target=wait, name="parent", daemon=True).start()
