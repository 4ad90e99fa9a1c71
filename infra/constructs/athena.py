"""Athena's door to the lake: results encrypted in the lake's bucket for a week, a limit on what one query reads."""

from aws_cdk import aws_athena as athena
from aws_cdk import aws_kms as kms

from infra.constructs.city_stack import CityStack

BYTES_A_QUERY = 100_000_000_000
"""Half a dollar at the list price of 5 USD a terabyte: a query that reads more has forgotten its partition."""


def workgroup(stack: CityStack, bucket: str, key: kms.IKey) -> athena.CfnWorkGroup:
    """The workgroup of the city's analysts; clients cannot set its limits aside."""
    group = athena.CfnWorkGroup(
        stack,
        "Workgroup",
        name=stack.called("lake"),
        recursive_delete_option=True,
        work_group_configuration=athena.CfnWorkGroup.WorkGroupConfigurationProperty(
            enforce_work_group_configuration=True,
            publish_cloud_watch_metrics_enabled=True,
            bytes_scanned_cutoff_per_query=BYTES_A_QUERY,
            engine_version=athena.CfnWorkGroup.EngineVersionProperty(selected_engine_version="Athena engine version 3"),
            result_configuration=athena.CfnWorkGroup.ResultConfigurationProperty(
                output_location=f"s3://{bucket}/athena/",
                encryption_configuration=athena.CfnWorkGroup.EncryptionConfigurationProperty(
                    encryption_option="SSE_KMS", kms_key=key.key_arn
                ),
            ),
        ),
    )
    stack.publish("ATHENA_WORKGROUP", stack.called("lake"))
    return group
