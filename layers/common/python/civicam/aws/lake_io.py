"""How the lake's files reach S3: each is put in one call, and what says where the others lie is read once.

Arrow opens an upload in parts for every file, however small, and looks first whether its name is free: four calls where
one does, for names bear a UUID. Metadata and manifests never change, so a writer need not fetch what it wrote itself.
"""

from collections import OrderedDict
from io import BytesIO
from types import TracebackType

from pyiceberg.io import InputFile, OutputFile
from pyiceberg.io.pyarrow import PyArrowFile, PyArrowFileIO

from civicam.aws import clients

KEPT_BYTES = 32 * 2**20
"""Of metadata and manifests in memory: a table's newest, many times over."""


class Kept:
    """The files that were used last, by their address."""

    def __init__(self, most_bytes: int = KEPT_BYTES) -> None:
        self._files: OrderedDict[str, bytes] = OrderedDict()
        self._bytes, self._most = 0, most_bytes

    def get(self, location: str) -> bytes | None:
        """The file's content, if it is remembered."""
        if location in self._files:
            self._files.move_to_end(location)
        return self._files.get(location)

    def put(self, location: str, content: bytes) -> None:
        """Remember a file, and forget the oldest where all together are too large."""
        self._bytes += len(content) - len(self._files.pop(location, b""))
        self._files[location] = content
        while self._bytes > self._most:
            self._bytes -= len(self._files.popitem(last=False)[1])


_kept = Kept()


class LakeIO(PyArrowFileIO):
    """Arrow's files, but for what is written to S3 and for the metadata there."""

    def new_input(self, location: str) -> InputFile:  # type: ignore[override]
        """The file, to read it."""
        return S3File(location) if _is_metadata(location) else super().new_input(location)

    def new_output(self, location: str) -> "PyArrowFile | S3File":  # type: ignore[override]
        """The file, to write it."""
        return S3File(location) if location.startswith("s3://") else super().new_output(location)


class S3File(InputFile, OutputFile):
    """A file that is read and written whole, and never changed."""

    def __init__(self, location: str) -> None:
        super().__init__(location)
        bucket, _, key = location.removeprefix("s3://").partition("/")
        self._bucket, self._key = bucket, key
        self._written: int | None = None

    def __len__(self) -> int:
        return len(self._content()) if self._written is None else self._written

    def exists(self) -> bool:
        """Whether it is there."""
        try:
            self._content()
        except FileNotFoundError:
            return False
        return True

    def open(self, seekable: bool = True) -> BytesIO:  # noqa: ARG002 - pyiceberg's way
        """Its content; raises FileNotFoundError."""
        return BytesIO(self._content())

    def create(self, overwrite: bool = False) -> "Upload":  # noqa: ARG002 - nobody else uses its name
        """A stream whose content is put when it is closed, and is not where the writer failed."""
        return Upload(self)

    def to_input_file(self) -> "S3File":
        """The same file."""
        return self

    def put(self, content: bytes) -> None:
        """Write it."""
        clients.s3().put_object(Bucket=self._bucket, Key=self._key, Body=content)
        self._written = len(content)
        if _is_metadata(self.location):
            _kept.put(self.location, content)

    def _content(self) -> bytes:
        content = _kept.get(self.location)
        if content is None:
            try:
                content = clients.s3().get_object(Bucket=self._bucket, Key=self._key)["Body"].read()
            except clients.s3().exceptions.NoSuchKey as error:
                raise FileNotFoundError(f"nothing lies at {self.location}") from error
            _kept.put(self.location, content)
        return content


class Upload(BytesIO):
    """What is being written to a file."""

    def __init__(self, file: S3File) -> None:
        super().__init__()
        self._file = file

    def close(self) -> None:
        """Put it, once."""
        if not self.closed:
            self._file.put(self.getvalue())
        super().close()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()
        super().close()


def _is_metadata(location: str) -> bool:
    return location.startswith("s3://") and location.rpartition("/")[0].endswith("/metadata")
