/** Route 53 records of custom domains: one group a hosted zone, shared by all APIs of the template. */
import { given } from '#engines/sam/intrinsics.ts'
import { hashedId } from '#engines/sam/logical-id.ts'
import { type Made, made, passedOn, type Source } from '#engines/sam/resource.ts'
import type { World } from '#engines/sam/world.ts'
import { type Dict, memberOf, type Value } from '#engines/templates/value.ts'

export interface Alias {
  readonly zone: Value
  readonly dns: Value
}

/** An A record, and an AAAA record when IpV6 is on. */
export function recordSets(name: Value, route53: Dict, alias: Alias): Value[] {
  const health = memberOf(route53, 'EvaluateTargetHealth') ?? null
  const record = (type: string): Dict => {
    const out: Dict = {
      Name: name,
      Type: type,
      AliasTarget: {
        ...(health === null ? {} : { EvaluateTargetHealth: health }),
        HostedZoneId: alias.zone,
        DNSName: alias.dns,
      },
    }
    for (const routing of ['Region', 'SetIdentifier']) {
      const value = memberOf(route53, routing) ?? null
      if (value !== null) out[routing] = value
    }
    return out
  }
  return route53['IpV6'] === true ? [record('A'), record('AAAA')] : [record('A')]
}

/** The zone's group with these records added. */
export function recordSetGroup(world: World, source: Source, route53: Dict, sets: Value[]): Made {
  const [zoneId, zoneName] = [memberOf(route53, 'HostedZoneId'), memberOf(route53, 'HostedZoneName')]
  const id = hashedId('RecordSetGroup', given(zoneId) ? zoneId : zoneName)
  const found = world.recordSets.get(id)
  const group =
    found ??
    made(
      id,
      'AWS::Route53::RecordSetGroup',
      { HostedZoneId: zoneId, HostedZoneName: zoneName, RecordSets: [] },
      { attributes: passedOn(source) },
    )
  world.recordSets.set(id, group)
  const before = memberOf(group.properties, 'RecordSets')
  group.properties['RecordSets'] = [...(Array.isArray(before) ? before : []), ...sets]
  return group
}
