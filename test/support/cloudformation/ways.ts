import { isObject, type Json, type Resource } from './template.ts'

type Resources = Readonly<Record<string, Resource>>

/**
 * What security groups let out, each way as `One to sg-other`, sorted; what is more than TCP on MySQL's port to another group is said
 * behind it. A way that can be gone is in {@link waysIn}, too, as far as the other group is one of this template.
 */
export function waysOut(resources: Resources): string[] {
  const own = groups(resources).flatMap(([name, { SecurityGroupEgress }]): Json[] =>
    // EC2 lets everything out of a group that says nothing.
    ((SecurityGroupEgress ?? [{ IpProtocol: '-1', CidrIp: '0.0.0.0/0' }]) as Json[]).map((rule) => ({
      GroupId: name,
      ...rule,
    })),
  )
  return [...own, ...rules(resources, 'Egress')]
    .map(({ GroupId, DestinationSecurityGroupId, ...rule }) => way(GroupId, DestinationSecurityGroupId, rule))
    .sort()
}

/** What security groups let in, as {@link waysOut}. */
export function waysIn(resources: Resources): string[] {
  const own = groups(resources).flatMap(([name, { SecurityGroupIngress }]): Json[] =>
    ((SecurityGroupIngress ?? []) as Json[]).map((rule) => ({ GroupId: name, ...rule })),
  )
  return [...own, ...rules(resources, 'Ingress')]
    .map(({ GroupId, SourceSecurityGroupId, ...rule }) => way(SourceSecurityGroupId, GroupId, rule))
    .sort()
}

const groups = (resources: Resources) =>
  Object.entries(resources).flatMap(([name, { Type, Properties }]) =>
    Type === 'AWS::EC2::SecurityGroup' ? [[name, Properties] as const] : [],
  )

const rules = (resources: Resources, direction: string): Json[] =>
  Object.values(resources).flatMap(({ Type, Properties }) =>
    Type === `AWS::EC2::SecurityGroup${direction}` ? [Properties] : [],
  )

function way(from: unknown, to: unknown, { Description, ...rule }: Json): string {
  const plain = JSON.stringify(rule) === '{"IpProtocol":"tcp","FromPort":3306,"ToPort":3306}'
  return `${nameOf(from)} to ${nameOf(to)}${plain ? '' : ` ${JSON.stringify(rule)}`}`
}

function nameOf(group: unknown): string {
  if (isObject(group) && Array.isArray(group['Fn::GetAtt'])) return String(group['Fn::GetAtt'][0])
  return typeof group === 'string' ? group : JSON.stringify(group ?? 'anything')
}
