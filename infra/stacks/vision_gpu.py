"""VisionGpu: the instances that the detector's tasks run on, as many as the tasks ask for. Left out on the laptop."""

from aws_cdk import aws_autoscaling as autoscaling
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_iam as iam
from constructs import Construct

from infra.constructs.city_stack import CityStack
from infra.constructs.worker import accept
from infra.stacks.backbone import Backbone
from infra.stacks.security import Security


class VisionGpu(CityStack):
    """Network, instances, and the capacity provider through which ECS asks for them."""

    def __init__(self, scope: Construct, *, security: Security, backbone: Backbone) -> None:
        super().__init__(scope, settings=security.settings, alarms=security.alarms)
        self.network = self._network()
        group = self._instances(self.network, backbone.cluster)
        provider = ecs.CfnCapacityProvider(
            self,
            "Capacity",
            name=self.called("gpu"),
            auto_scaling_group_provider=ecs.CfnCapacityProvider.AutoScalingGroupProviderProperty(
                auto_scaling_group_arn=group.auto_scaling_group_name,
                managed_draining="ENABLED",
                managed_scaling=ecs.CfnCapacityProvider.ManagedScalingProperty(status="ENABLED", target_capacity=100),
                managed_termination_protection="DISABLED",
            ),
        )
        association = ecs.CfnClusterCapacityProviderAssociations(
            self,
            "Association",
            cluster=backbone.cluster.ref,
            capacity_providers=[provider.ref],
            default_capacity_provider_strategy=[],
        )
        association.add_resource_dependency(provider)
        self.capacity_provider = provider.ref

    def _network(self) -> ec2.Vpc:
        """Private subnets behind one NAT gateway; footage and facts take the gateway endpoints, which cost nothing."""
        vpc = ec2.Vpc(
            self,
            "Network",
            max_azs=2,
            nat_gateways=1,
            restrict_default_security_group=False,
            gateway_endpoints={
                "S3": ec2.GatewayVpcEndpointOptions(service=ec2.GatewayVpcEndpointAwsService.S3),
                "DynamoDb": ec2.GatewayVpcEndpointOptions(service=ec2.GatewayVpcEndpointAwsService.DYNAMODB),
            },
        )
        logs = self.log_group(vpc, f"/civicam/{self.settings.environment}/flow")
        vpc.add_flow_log("Flow", destination=ec2.FlowLogDestination.to_cloud_watch_logs(logs))
        return vpc

    def _instances(self, vpc: ec2.Vpc, cluster: ecs.CfnCluster) -> autoscaling.AutoScalingGroup:
        role = iam.Role(
            self,
            "InstanceRole",
            assumed_by=iam.ServicePrincipal("ec2.amazonaws.com"),
            managed_policies=[
                iam.ManagedPolicy.from_aws_managed_policy_name("service-role/AmazonEC2ContainerServiceforEC2Role")
            ],
        )
        accept(
            role,
            "AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AmazonEC2ContainerServiceforEC2Role]",
            "what an ECS agent needs, kept by AWS as its agent grows; the tasks have roles of their own",
        )
        start = ec2.UserData.for_linux()
        start.add_commands(
            f"echo ECS_CLUSTER={cluster.ref} >> /etc/ecs/ecs.config",
            "echo ECS_ENABLE_GPU_SUPPORT=true >> /etc/ecs/ecs.config",
            "echo ECS_AWSVPC_BLOCK_IMDS=true >> /etc/ecs/ecs.config",
            "echo ECS_ENABLE_SPOT_INSTANCE_DRAINING=true >> /etc/ecs/ecs.config",
        )
        template = ec2.LaunchTemplate(
            self,
            "Template",
            instance_type=ec2.InstanceType(self.settings.gpu_instance),
            machine_image=ecs.EcsOptimizedImage.amazon_linux2023(ecs.AmiHardwareType.GPU),
            role=role,
            user_data=start,
            require_imdsv2=True,
            http_put_response_hop_limit=1,
            detailed_monitoring=True,
            security_group=ec2.SecurityGroup(
                self, "Closed", vpc=vpc, description="detectors: call out, nobody calls in", allow_all_outbound=True
            ),
            block_devices=[
                ec2.BlockDevice(device_name="/dev/xvda", volume=ec2.BlockDeviceVolume.ebs(60, encrypted=True))
            ],
        )
        group = autoscaling.AutoScalingGroup(
            self,
            "Instances",
            vpc=vpc,
            mixed_instances_policy=self._mix(template),
            capacity_rebalance=self.settings.gpu_spot,
            min_capacity=self.settings.gpu_workers[0],
            max_capacity=self.settings.gpu_workers[1],
        )
        accept(
            group,
            "AwsSolutions-AS3",
            "instances come and go with the tasks; dead letters wake people",
        )
        accept(
            group,
            "AwsSolutions-EC26",
            "cdk-nag looks for the launch template outside the mixed policy; its one volume is encrypted",
        )
        return group

    def _mix(self, template: ec2.LaunchTemplate) -> autoscaling.MixedInstancesPolicy:
        """All of them Spot, or none. ECS drains an instance at its warning: its worker then gets SIGTERM."""
        return autoscaling.MixedInstancesPolicy(
            launch_template=template,
            launch_template_overrides=[
                autoscaling.LaunchTemplateOverrides(instance_type=ec2.InstanceType(self.settings.gpu_instance))
            ],
            instances_distribution=autoscaling.InstancesDistribution(
                on_demand_base_capacity=0,
                on_demand_percentage_above_base_capacity=0 if self.settings.gpu_spot else 100,
                spot_allocation_strategy=autoscaling.SpotAllocationStrategy.PRICE_CAPACITY_OPTIMIZED,
            ),
        )
