"""What people change by hand, in versions: every version for ever in a bucket, the current one of each in a table."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Generic, Literal, TypeVar

from civicam.aws import clients
from civicam.aws.objects import put_new
from civicam.contracts.cameras import Camera
from civicam.contracts.errors import Conflict, NotFound
from civicam.contracts.owners import Owner
from civicam.contracts.versions import Changed, unstamped
from civicam.contracts.watch import Rule

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

D = TypeVar("D", Camera, Owner, Rule)
Change = Literal["added", "changed", "unchanged"]


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
            raise Conflict(f"{self._name} {document_id} was changed by somebody else: read version {archived.version}")
        return archived, "changed" if standing else "added"

    def history(self, document_id: str) -> tuple[D, ...]:
        """Every version, the first one first; raises NotFound."""
        last = self.current(document_id).version
        return tuple(self.version(document_id, number) for number in range(1, last + 1))

    def make_current(self, document: D) -> None:
        """Write the table's entry; an older version than what stands there is no effect."""
        indexed = {name: {"S": str(getattr(document, name))} for name in (self._key, *self._indexed)}
        version: AttributeValueTypeDef = {"N": str(document.version)}
        try:
            clients.dynamodb().put_item(
                TableName=self._table,
                Item={**indexed, "version": version, "document": {"S": document.model_dump_json()}},
                ConditionExpression=f"attribute_not_exists({self._key}) OR version < :version",
                ExpressionAttributeValues={":version": version},
            )
        except clients.dynamodb().exceptions.ConditionalCheckFailedException:
            return

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
