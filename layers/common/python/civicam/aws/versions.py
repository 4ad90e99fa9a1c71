"""What people change by hand, in versions: every version for ever in a bucket, the current one of each in a table."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar

from civicam.aws import clients
from civicam.aws.objects import put_new
from civicam.contracts.cameras import Camera
from civicam.contracts.errors import Conflict, NotFound
from civicam.contracts.owners import Owner
from civicam.contracts.versions import Changed, unstamped
from civicam.contracts.watch import Rule

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef, BatchGetItemOutputTypeDef

D = TypeVar("D", Camera, Owner, Rule)
Change = Literal["added", "changed", "unchanged"]
GROUP = 100
"""The most that DynamoDB reads (BatchGetItem) and writes (TransactWriteItems) in one request."""
WRITERS = 8
"""Versions that are archived at once."""


class Versions(Generic[D]):
    """All documents of one kind. The bucket is the truth, from which the table can be rebuilt.

    A Camera lies under registry/cameras/{camera_id}/{version}.json and in the item camera_id, where the fields in
    `indexed` stand beside the document. Readers of the table alone need no bucket.
    """

    def __init__(self, kind: type[D], table: str, bucket: str, *, indexed: Sequence[str]) -> None:
        self._kind: type[D] = kind
        self._table, self._bucket, self._indexed = table, bucket, indexed
        self._name = kind.__name__.lower()
        self._key, self._prefix = f"{self._name}_id", f"registry/{self._name}s/"

    def current(self, document_id: str) -> D:
        """The current version; raises NotFound."""
        found = self._find(document_id)
        if found is None:
            raise NotFound(f"there is no {self._name} {document_id}")
        return found

    def version(self, document_id: str, version: int) -> D:
        """One version, current or past; raises NotFound."""
        try:
            return self._read(self._place(document_id, version))
        except clients.s3().exceptions.NoSuchKey as error:
            raise NotFound(f"{self._name} {document_id} has no version {version}") from error

    def would(self, document: D) -> Change:
        """What `put` would do."""
        standing = self._find(self._id(document))
        if standing is None:
            return "added"
        return "unchanged" if unstamped(standing) == unstamped(document) else "changed"

    def put(self, document: D, changed: Changed | None = None) -> tuple[D, Change]:
        """Make this the entry, whatever stamps the caller's copy bears: it gets the next number, and this `changed`.

        The same content again changes nothing. Raises Conflict where somebody else changed it in between: theirs
        stands, read it and decide again.
        """
        document_id = self._id(document)
        standing = self._find(document_id)
        if standing and unstamped(standing) == unstamped(document):
            return standing, "unchanged"
        stamps = {"version": standing.version + 1 if standing else 1} | ({"changed": changed} if changed else {})
        archived = self._archive(document.model_copy(update=stamps))
        self.make_current(archived)
        if unstamped(archived) != unstamped(document):
            raise self._overtaken(archived)
        return archived, "changed" if standing else "added"

    def find_all(self, document_ids: Iterable[str]) -> dict[str, D]:
        """The current versions of those that there are, by id; read in groups."""
        keys: list[dict[str, AttributeValueTypeDef]] = [{self._key: {"S": one}} for one in dict.fromkeys(document_ids)]
        found: dict[str, D] = {}
        while keys:
            group, keys = keys[:GROUP], keys[GROUP:]
            answer: BatchGetItemOutputTypeDef = clients.dynamodb().batch_get_item(
                RequestItems={self._table: {"Keys": group, "ConsistentRead": True}}
            )
            found |= {item[self._key]["S"]: self.of_item(item) for item in answer["Responses"].get(self._table, [])}
            keys += [*answer["UnprocessedKeys"].get(self._table, {"Keys": []})["Keys"]]
        return found

    def put_all(self, changes: Sequence[tuple[D, D | None]], changed: Changed | None = None) -> "list[D | Conflict]":
        """Make each document the entry after the one beside it, that stands (None: a first one): in groups, as `put`.

        The versions are archived side by side, each by its own conditional write; the table's entries of a group are
        one transaction. Where somebody else changed one in between, a Conflict stands in its place.
        """
        wanted = [
            document.model_copy(
                update={"version": standing.version + 1 if standing else 1} | ({"changed": changed} if changed else {})
            )
            for document, standing in changes
        ]
        clients.s3()  # made here: sessions of boto3 are not for several threads at once
        with ThreadPoolExecutor(WRITERS) as writers:
            archived = list(writers.map(self._archive, wanted))
        for start in range(0, len(archived), GROUP):
            self._make_all_current(archived[start : start + GROUP])
        return [
            stands if unstamped(stands) == unstamped(document) else self._overtaken(stands)
            for stands, document in zip(archived, wanted, strict=True)
        ]

    def history(self, document_id: str) -> tuple[D, ...]:
        """Every version, the first one first; raises NotFound."""
        last = self.current(document_id).version
        return tuple(self.version(document_id, number) for number in range(1, last + 1))

    def make_current(self, document: D) -> None:
        """Write the table's entry; an older version than what stands there is no effect."""
        try:
            clients.dynamodb().put_item(**self._entry(document))
        except clients.dynamodb().exceptions.ConditionalCheckFailedException:
            return

    def _make_all_current(self, documents: Sequence[D]) -> None:
        """As `make_current`, all of a group in one request; one by one where any of them was overtaken."""
        try:
            clients.dynamodb().transact_write_items(
                TransactItems=[{"Put": self._entry(document)} for document in documents]
            )
        except clients.dynamodb().exceptions.TransactionCanceledException:
            for document in documents:
                self.make_current(document)

    def _entry(self, document: D) -> Any:
        """The request that makes this the table's entry unless a newer one stands there."""
        indexed = {name: {"S": str(getattr(document, name))} for name in (self._key, *self._indexed)}
        version: AttributeValueTypeDef = {"N": str(document.version)}
        return {
            "TableName": self._table,
            "Item": {**indexed, "version": version, "document": {"S": document.model_dump_json()}},
            "ConditionExpression": f"attribute_not_exists({self._key}) OR version < :version",
            "ExpressionAttributeValues": {":version": version},
        }

    def _overtaken(self, archived: D) -> Conflict:
        return Conflict(
            f"{self._name} {self._id(archived)} was changed by somebody else: read version {archived.version}"
        )

    def archived(self) -> Iterator[D]:
        """The newest archived version of every document, by id: what the table is rebuilt from."""
        pages = clients.s3().get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=self._prefix)
        newest: dict[str, str] = {}
        for page in pages:
            newest |= {item["Key"].split("/")[2]: item["Key"] for item in page.get("Contents", [])}
        for key in newest.values():
            yield self._read(key)

    def of_item(self, item: "Mapping[str, AttributeValueTypeDef]") -> D:
        """The document in an item of the table."""
        return self._kind.model_validate_json(item["document"]["S"])

    def _find(self, document_id: str) -> D | None:
        answer = clients.dynamodb().get_item(
            TableName=self._table, Key={self._key: {"S": document_id}}, ConsistentRead=True
        )
        return self.of_item(answer["Item"]) if "Item" in answer else None

    def _archive(self, document: D) -> D:
        """What stands in the archive under this number: this version, or what another writer put there first."""
        key = self._place(self._id(document), document.version)
        is_new = put_new(self._bucket, key, document.model_dump_json().encode())
        return document if is_new else self._read(key)

    def _read(self, key: str) -> D:
        return self._kind.model_validate_json(clients.s3().get_object(Bucket=self._bucket, Key=key)["Body"].read())

    def _id(self, document: D) -> str:
        return str(getattr(document, self._key))

    def _place(self, document_id: str, version: int) -> str:
        return f"{self._prefix}{document_id}/{version:08d}.json"
