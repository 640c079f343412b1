// biome-ignore-all lint/suspicious/noTemplateCurlyInString: for CloudFormation to fill
import { expect, test } from 'vitest'
import { decided } from './support/cloudformation/decided.ts'
import { mistakesIn } from './support/cloudformation/mistakes.ts'
import type { Resource, Template } from './support/cloudformation/template.ts'

// The checker judges what is deployed (deployable-artifact.test.ts, deployed-behind-proxy.test.ts); here it is judged itself.

const group = (Properties: object) => ({ Type: 'AWS::EC2::SecurityGroup', Properties }) as Resource
const queue = (Properties: object = {}) => ({ Type: 'AWS::SQS::Queue', Properties }) as Resource
const template = (Resources: Record<string, unknown>, rest: Partial<Template> = {}) =>
  ({ Resources, ...rest }) as Template
const target = (Properties: object) => ({
  Type: 'AWS::RDS::DBProxyTargetGroup',
  Properties: { DBProxyName: 'p', TargetGroupName: 'default', ...Properties },
})

test.each<[what: string, Record<string, unknown>, mistake: string]>([
  [
    'a type that does not exist',
    { A: { Type: 'AWS::RDS::Proxy', Properties: {} } },
    'A is of the type AWS::RDS::Proxy, which does not exist.',
  ],
  ['a part that does not exist', { A: { ...queue(), Depends: 'B' } }, 'A.Depends does not exist.'],
  ['a misspelt property', { A: queue({ VisibilityTimout: 3 }) }, 'A.VisibilityTimout does not exist.'],
  [
    'a misspelt property further in',
    { A: target({ ConnectionPoolConfigurationInfo: { MaxConnections: 3 } }) },
    'A.ConnectionPoolConfigurationInfo.MaxConnections does not exist.',
  ],
  [
    'a required property that is missing',
    { A: group({ VpcId: 'vpc-1' }) },
    'A.GroupDescription is required.',
  ],
  [
    'one that is missing further in',
    { A: group({ GroupDescription: 'a', SecurityGroupEgress: [{ ToPort: 1 }] }) },
    'A.SecurityGroupEgress[0].IpProtocol is required.',
  ],
  [
    'one that is there as AWS::NoValue',
    { A: group({ GroupDescription: { Ref: 'AWS::NoValue' } }) },
    'A.GroupDescription is required.',
  ],
  [
    'a single value for a list',
    { A: target({ DBClusterIdentifiers: 'shop' }) },
    'A.DBClusterIdentifiers is "shop", but must be a list.',
  ],
  [
    'a list for a single value',
    { A: queue({ QueueName: ['a'] }) },
    'A.QueueName is ["a"], but must be a single value.',
  ],
  [
    'a text for a number',
    { A: queue({ DelaySeconds: 'soon' }) },
    'A.DelaySeconds is "soon", but must be a whole number.',
  ],
  [
    'a text for a truth value',
    { A: queue({ FifoQueue: 'yes' }) },
    'A.FifoQueue is "yes", but must be true or false.',
  ],
  [
    'a value that is none to choose from',
    { A: target({ TargetGroupName: 'mine' }) },
    'A.TargetGroupName is "mine", but must be one of default.',
  ],
  [
    'a list where Fn::Sub stands',
    { A: target({ DBClusterIdentifiers: { 'Fn::Sub': 'a' } }) },
    'A.DBClusterIdentifiers is Fn::Sub, which gives a single value.',
  ],
  [
    'a single value where Fn::Split stands',
    { A: queue({ QueueName: { 'Fn::Split': [',', 'a'] } }) },
    'A.QueueName is Fn::Split, which gives a list.',
  ],
  [
    'a Ref that leads nowhere',
    { A: queue({ QueueName: { Ref: 'Nobody' } }) },
    'A mentions Nobody, which is not there.',
  ],
  [
    'a GetAtt that leads nowhere',
    { A: queue({ QueueName: { 'Fn::GetAtt': ['Nobody', 'Arn'] } }) },
    'A mentions Nobody.Arn, where Nobody is not there.',
  ],
  [
    'an attribute that does not exist',
    { A: queue({ QueueName: { 'Fn::GetAtt': ['B', 'Name'] } }), B: queue() },
    'A mentions B.Name, which AWS::SQS::Queue does not have.',
  ],
  [
    'a Sub of what is not there',
    { A: queue({ QueueName: { 'Fn::Sub': ['${AWS::Region}${Own}${No}${!x}', { Own: 'a' }] } }) },
    'A mentions No, which is not there.',
  ],
  [
    'a Sub of a wrong attribute',
    { A: queue({ QueueName: { 'Fn::Sub': '${B.Name}' } }), B: queue() },
    'A mentions B.Name, which AWS::SQS::Queue does not have.',
  ],
  [
    'a Sub of a variable of its own that leads nowhere',
    { A: queue({ QueueName: { 'Fn::Sub': ['${Own}', { Own: { Ref: 'No' } }] } }) },
    'A mentions No, which is not there.',
  ],
  [
    'an Fn::If on no condition',
    { A: queue({ QueueName: { 'Fn::If': ['No', 'a', 'b'] } }) },
    'A mentions the condition No, which is not there.',
  ],
  [
    'a wrong branch of an Fn::If',
    { A: queue({ DelaySeconds: { 'Fn::If': ['Yes', 1, 'soon'] } }) },
    'A.DelaySeconds is "soon", but must be a whole number.',
  ],
  [
    'a condition of its own that is not there',
    { A: { ...queue(), Condition: 'No' } },
    'A mentions the condition No, which is not there.',
  ],
  [
    'a DependsOn that leads nowhere',
    { A: { ...queue(), DependsOn: 'Nobody' } },
    'A mentions Nobody, which is not there.',
  ],
  [
    'a circle',
    { A: { ...queue(), DependsOn: 'B' }, B: queue({ QueueName: { Ref: 'A' } }) },
    'A needs B needs A: that is a circle.',
  ],
])('%s is a mistake', (_what, resources, mistake) => {
  const Conditions = { Yes: { 'Fn::Equals': ['a', 'a'] } }
  expect(mistakesIn(template(resources, { Conditions }))).toEqual([mistake])
})

test('an output that leads nowhere is a mistake', () => {
  const Outputs = { Url: { Value: { 'Fn::GetAtt': ['Nobody', 'Url'] } } }
  expect(mistakesIn(template({}, { Outputs }))).toEqual([
    'Outputs.Url mentions Nobody.Url, where Nobody is not there.',
  ])
})

test('numbers and truth values may be texts, and a list may have parts that are decided later', () => {
  const resources = {
    A: queue({ DelaySeconds: '3', FifoQueue: 'true', QueueName: { Ref: 'AWS::StackName' } }),
    B: target({ DBClusterIdentifiers: { 'Fn::If': ['Yes', ['shop'], { Ref: 'AWS::NoValue' }] } }),
  }
  const Conditions = { Yes: { 'Fn::Equals': ['a', 'a'] } }
  expect(mistakesIn(template(resources, { Conditions }))).toEqual([])
})

test('conditions decide what is made, and of what', () => {
  const Conditions = {
    Yes: { 'Fn::Equals': ['a', 'a'] },
    No: { 'Fn::Not': [{ 'Fn::Equals': ['a', 'a'] }] },
  }
  const either = { 'Fn::If': ['Yes', 'yes', 'no'] }
  const nothing = { 'Fn::If': ['No', 'yes', { Ref: 'AWS::NoValue' }] }
  const resources = {
    A: { ...queue({ QueueName: either, DelaySeconds: nothing, Tags: [either, nothing] }), Condition: 'Yes' },
    B: { ...queue(), Condition: 'No' },
  }
  expect(decided(template(resources, { Conditions }))).toEqual({
    A: { ...queue({ QueueName: 'yes', Tags: ['yes'] }), Condition: 'Yes' },
  })
})
