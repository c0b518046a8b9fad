/** Availability zones by region, for Fn::GetAZs: three names each, as most accounts see them. `inferred` for regions not listed. */
const FEWER = new Map<string, string>([
  ['ca-central-1', 'abd'],
  ['us-west-1', 'ac'],
  ['us-east-1', 'abcdef'],
  ['us-west-2', 'abcd'],
  ['ap-northeast-1', 'acd'],
  ['ap-northeast-2', 'abcd'],
])

export function zonesOf(region: string): string[] {
  return Array.from(FEWER.get(region) ?? 'abc', (letter) => region + letter)
}
