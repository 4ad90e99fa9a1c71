"""Documents in S3 that are written once: whoever comes second finds what stands there."""

from botocore.exceptions import ClientError

from civicam.aws import clients


def put_new(bucket: str, key: str, document: bytes) -> bool:
    """Write a JSON document under a key that nothing stands under; False, and no effect, where something does."""
    try:
        clients.s3().put_object(Bucket=bucket, Key=key, Body=document, ContentType="application/json", IfNoneMatch="*")
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] not in {409, 412}:
            raise
        return False
    return True
