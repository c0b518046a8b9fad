/**
 * EventBridge: what the platform mounts. Every operation of the model stands in `operations` or in `NOT_YET`, or `tsc`
 * names it. To add one: write it below `operations/`, move its name.
 */
import type { Events } from '#model/events.ts'
import type { Service } from '#ports/service.ts'
import { acceptEvents } from '#services/events/accept.ts'
import {
  createApiDestination,
  deleteApiDestination,
  describeApiDestination,
  listApiDestinations,
  updateApiDestination,
} from '#services/events/operations/api-destinations.ts'
import {
  createArchive,
  deleteArchive,
  describeArchive,
  listArchives,
  updateArchive,
} from '#services/events/operations/archives.ts'
import {
  createEventBus,
  deleteEventBus,
  describeEventBus,
  listEventBuses,
  updateEventBus,
} from '#services/events/operations/buses.ts'
import {
  createConnection,
  deauthorizeConnection,
  deleteConnection,
  describeConnection,
  listConnections,
  updateConnection,
} from '#services/events/operations/connections.ts'
import { putPermission, removePermission } from '#services/events/operations/permissions.ts'
import { putEvents, testEventPattern } from '#services/events/operations/put-events.ts'
import {
  cancelReplay,
  describeReplay,
  listReplays,
  startReplay,
} from '#services/events/operations/replays.ts'
import {
  deleteRule,
  describeRule,
  disableRule,
  enableRule,
  listRules,
  putRule,
} from '#services/events/operations/rules.ts'
import { listTagsForResource, tagResource, untagResource } from '#services/events/operations/tags.ts'
import {
  listRuleNamesByTarget,
  listTargetsByRule,
  putTargets,
  removeTargets,
} from '#services/events/operations/targets.ts'
import type { EventsPorts } from '#services/events/ports.ts'
import { EventsState } from '#services/events/state.ts'

/** Partners' event sources, and endpoints that span regions. */
const NOT_YET = [
  'ActivateEventSource',
  'CreateEndpoint',
  'CreatePartnerEventSource',
  'DeactivateEventSource',
  'DeleteEndpoint',
  'DeletePartnerEventSource',
  'DescribeEndpoint',
  'DescribeEventSource',
  'DescribePartnerEventSource',
  'ListEndpoints',
  'ListEventSources',
  'ListPartnerEventSourceAccounts',
  'ListPartnerEventSources',
  'PutPartnerEvents',
  'UpdateEndpoint',
] as const

export const events: Service<Events, EventsState, (typeof NOT_YET)[number]> = {
  name: 'events',
  operations: {
    CancelReplay: cancelReplay,
    CreateApiDestination: createApiDestination,
    CreateArchive: createArchive,
    CreateConnection: createConnection,
    CreateEventBus: createEventBus,
    DeauthorizeConnection: deauthorizeConnection,
    DeleteApiDestination: deleteApiDestination,
    DeleteArchive: deleteArchive,
    DeleteConnection: deleteConnection,
    DeleteEventBus: deleteEventBus,
    DeleteRule: deleteRule,
    DescribeApiDestination: describeApiDestination,
    DescribeArchive: describeArchive,
    DescribeConnection: describeConnection,
    DescribeEventBus: describeEventBus,
    DescribeReplay: describeReplay,
    DescribeRule: describeRule,
    DisableRule: disableRule,
    EnableRule: enableRule,
    ListApiDestinations: listApiDestinations,
    ListArchives: listArchives,
    ListConnections: listConnections,
    ListEventBuses: listEventBuses,
    ListReplays: listReplays,
    ListRuleNamesByTarget: listRuleNamesByTarget,
    ListRules: listRules,
    ListTagsForResource: listTagsForResource,
    ListTargetsByRule: listTargetsByRule,
    PutEvents: putEvents,
    PutPermission: putPermission,
    PutRule: putRule,
    PutTargets: putTargets,
    RemovePermission: removePermission,
    RemoveTargets: removeTargets,
    StartReplay: startReplay,
    TagResource: tagResource,
    TestEventPattern: testEventPattern,
    UntagResource: untagResource,
    UpdateApiDestination: updateApiDestination,
    UpdateArchive: updateArchive,
    UpdateConnection: updateConnection,
    UpdateEventBus: updateEventBus,
  },
  notYet: NOT_YET,
}

/** Nothing is read before `startEvents`. */
export const createEvents = (ports: EventsPorts): EventsState => new EventsState(ports)

/** Reads what an earlier process left; before the first request. Nothing is handed over before `readyEvents`. */
export const startEvents = (state: EventsState): Promise<void> => state.start()

/** Addresses can be given and receivers are there: deliveries and replays begin. */
export const readyEvents = (state: EventsState): void => state.ready()

/** Forgets what is in memory; the caller empties the files. */
export const resetEvents = (state: EventsState): void => state.reset()

/** Waits for the deliveries under way; the others go on at the next start. */
export const stopEvents = (state: EventsState): Promise<void> => state.stop()

export { acceptEvents }
export type { EventsPorts, EventsState }
