/** SequenceNumber of FIFO queues: twenty digits, growing, not consecutive. Source: SQS developer guide, FIFO queue and message identifiers. */
const FIRST = 18_800_000_000_000_000_000n
const STEP = 256n

export const sequenceText = (seq: number): string => String(FIRST + BigInt(seq) * STEP)
