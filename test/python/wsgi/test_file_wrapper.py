"""wsgi.file_wrapper: the bytes that it reads, from which position, and in which blocks."""

from __future__ import annotations

import errno
import gzip
import io
import os
import tempfile
import tracemalloc
import unittest
from typing import Any, Callable
from unittest import mock

from gateway_double import WorkerSideTest

from tunicorn.channels.channel_frame import ABORTED, BODY, END, FRAMED, HEAD
from tunicorn.wsgi.file_wrapper import REGULAR_FILE_BLOCK_BYTES, FileWrapper, ReadFileWrapper


class Iteration(unittest.TestCase):
    def test_a_regular_file_is_read_in_large_blocks(self) -> None:
        with tempfile.TemporaryFile() as file:
            file.truncate(REGULAR_FILE_BLOCK_BYTES + 5)
            file.seek(0)
            self.assertEqual([len(block) for block in FileWrapper(file)], [REGULAR_FILE_BLOCK_BYTES, 5])

    def test_a_block_size_that_is_larger_still_is_kept(self) -> None:
        with tempfile.TemporaryFile() as file:
            file.truncate(REGULAR_FILE_BLOCK_BYTES + 5)
            file.seek(0)
            wrapper = FileWrapper(file, REGULAR_FILE_BLOCK_BYTES * 2)
            self.assertEqual([len(block) for block in wrapper], [REGULAR_FILE_BLOCK_BYTES + 5])

    def test_anything_else_is_read_in_the_applications_blocks(self) -> None:
        self.assertEqual(list(FileWrapper(io.BytesIO(b"abcde"), 2)), [b"ab", b"cd", b"e"])

    def test_a_pipe_is_not_read_further_than_the_applications_block(self) -> None:
        reading, writing = os.pipe()
        self.addCleanup(os.close, writing)
        with open(reading, "rb", buffering=0) as pipe:
            os.write(writing, b"abcd")
            self.assertEqual(next(iter(FileWrapper(pipe, 4))), b"abcd")

    def test_it_starts_at_the_position_of_the_file_with_buffers_and_decoders_taken_into_account(self) -> None:
        with tempfile.TemporaryFile() as file:
            file.write(b"line\nrest")
            file.seek(0)
            file.readline()
            self.assertEqual(list(FileWrapper(file)), [b"rest"])
        with tempfile.NamedTemporaryFile() as file:
            file.write(gzip.compress(b"plain"))
            file.flush()
            with gzip.open(file.name) as unzipped:
                self.assertEqual(list(FileWrapper(unzipped)), [b"plain"])

    def test_close_is_the_files_and_exists_only_if_the_file_has_one(self) -> None:
        file = io.BytesIO()
        FileWrapper(file).close()
        self.assertTrue(file.closed)

        class OnlyRead:
            def read(self, size: int) -> bytes:
                return b""

        self.assertFalse(hasattr(FileWrapper(OnlyRead()), "close"))

    def test_it_can_be_read_by_index_as_wsgirefs_can(self) -> None:
        wrapper = FileWrapper(io.BytesIO(b"abc"), 2)
        self.assertEqual((wrapper[0], wrapper[1]), (b"ab", b"c"))
        with self.assertRaises(IndexError):
            wrapper[2]


class Responses(WorkerSideTest):
    def serve(self, file: Any, headers: list[tuple[str, str]]) -> Callable[..., Any]:
        def app(environ: dict[str, Any], start_response: Any) -> Any:
            start_response("200 OK", headers)
            return environ["wsgi.file_wrapper"](file)

        return app

    def test_a_file_is_sent_up_to_its_content_length_and_closed(self) -> None:
        with tempfile.NamedTemporaryFile(delete=False) as made:
            made.write(b"x" * 10 + os.urandom(600_000))
        self.addCleanup(os.unlink, made.name)
        with open(made.name, "rb") as file:
            expected = file.read()[10:500_010]
        file = open(made.name, "rb")
        file.seek(10)
        frames = self.exchange(self.serve(file, [("Content-Length", "500000")]))
        self.assertEqual(b"".join(frame.data for frame in frames), expected)
        self.assertFalse([frame for frame in frames if frame.flags & 4])
        self.assertTrue(file.closed)

    def test_a_large_file_does_not_grow_the_memory(self) -> None:
        size = 64 * 1024 * 1024
        file = tempfile.TemporaryFile()
        self.addCleanup(file.close)
        file.truncate(size)
        received = 0

        def count_and_drop() -> bytes:
            nonlocal received
            frame = WorkerSideTest.read_frame(self)
            received += len(frame) - 16
            return frame if frame[4] == HEAD else b"\x10\0\0\0" + frame[4:16]

        def take(received: list[bytes]) -> None:
            self.gateway.sendall(received[-1][:4] + b"\x09\0\0\0" + received[-1][8:16])

        self.read_frame = count_and_drop  # type: ignore[method-assign]
        self.take = take  # type: ignore[method-assign]
        tracemalloc.start()
        try:
            self.exchange(self.serve(file, []))
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        self.assertGreaterEqual(received, size)
        self.assertLess(peak, 8 * 1024 * 1024)


class PlainFiles(unittest.TestCase):
    def test_a_file_opened_for_reading_is_sent_from_its_position(self) -> None:
        with tempfile.NamedTemporaryFile() as made:
            made.write(b"line\nrest")
            made.flush()
            with open(made.name, "rb") as file:
                file.readline()
                self.assertEqual(FileWrapper(file).plain_file(), (file.fileno(), 5))
            with open(made.name, "rb", buffering=0) as file:
                self.assertEqual(FileWrapper(file).plain_file(), (file.fileno(), 0))
                self.assertIsNone(ReadFileWrapper(file).plain_file())

    def test_a_file_object_whose_reads_differ_from_the_disk_is_not_sent_from_there(self) -> None:
        class Shouting(io.BufferedReader):
            def read(self, size: int | None = -1) -> bytes:
                return super().read(size).upper()

        with tempfile.NamedTemporaryFile() as made:
            with gzip.open(made.name) as zipped, open(made.name) as text, Shouting(io.FileIO(made.name)) as shouting:
                for filelike in (zipped, text, io.BytesIO(), shouting, made, object()):
                    self.assertIsNone(FileWrapper(filelike).plain_file(), filelike)

    def test_a_pipe_is_none(self) -> None:
        reading, writing = os.pipe()
        self.addCleanup(os.close, writing)
        with open(reading, "rb") as pipe:
            self.assertIsNone(FileWrapper(pipe).plain_file())


class SentByTheKernel(WorkerSideTest):
    def frames(self, content: bytes, offset: int, headers: list[tuple[str, str]]) -> list[Any]:
        with tempfile.NamedTemporaryFile(delete=False) as made:
            made.write(content)
        self.addCleanup(os.unlink, made.name)
        self.file = open(made.name, "rb")
        self.file.seek(offset)

        def app(environ: dict[str, Any], start_response: Any) -> Any:
            start_response("200 OK", headers)
            return environ["wsgi.file_wrapper"](self.file)

        with mock.patch("os.sendfile", side_effect=os.sendfile) as self.sendfile:
            frames = self.exchange(app)
        self.assertTrue(self.file.closed)
        return frames

    def test_a_large_file_is_never_read(self) -> None:
        content = os.urandom(2_500_000)
        frames = self.frames(content, 7, [("Content-Length", "2499993")])
        self.assertEqual(b"".join(frame.data for frame in frames), content[7:])
        self.assertEqual((frames[0].flags, frames[-1].flags), (FRAMED, END))
        self.assertGreater(self.sendfile.call_count, 2)

    def test_no_more_than_the_content_length_is_sent(self) -> None:
        content = os.urandom(900_000)
        frames = self.frames(content, 1000, [("Content-Length", "400000")])
        self.assertEqual(b"".join(frame.data for frame in frames), content[1000:401_000])
        self.assertEqual(frames[-1].flags, END)

    def test_without_a_content_length_it_is_sent_to_its_end(self) -> None:
        content = os.urandom(400_000)
        frames = self.frames(content, 0, [])
        self.assertEqual(b"".join(frame.data for frame in frames), content)
        self.assertEqual((frames[0].flags, frames[-1].flags), (0, END))

    def test_one_that_is_shorter_than_its_content_length_is_cut_off(self) -> None:
        content = os.urandom(400_000)
        frames = self.frames(content, 0, [("Content-Length", "500000")])
        self.assertEqual(b"".join(frame.data for frame in frames), content)
        self.assertEqual(frames[-1].flags, END | ABORTED)
        self.assertIn("is cut off", self.log.texts("error")[0])

    def test_a_small_one_is_read(self) -> None:
        frames = self.frames(b"small", 0, [("Content-Length", "5")])
        self.assertEqual([frame.data for frame in frames], [b"small"])
        self.sendfile.assert_not_called()

    def test_a_file_system_without_sendfile_is_read(self) -> None:
        content = os.urandom(1_500_000)
        with mock.patch("os.sendfile", side_effect=OSError(errno.EINVAL, "Invalid argument")):
            frames = self.frames(content, 0, [("Content-Length", "1500000")])
        self.assertEqual(b"".join(frame.data for frame in frames), content)
        self.assertEqual(frames[-1].type, BODY)


if __name__ == "__main__":
    unittest.main()
