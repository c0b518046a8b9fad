import type { ServiceTable } from '#wire/table.ts'
import type { SdkModel } from './from-sdk.ts'
export function checkTable(_table: ServiceTable, _base: ServiceTable, _sdk: SdkModel): string[] {
  return []
}
