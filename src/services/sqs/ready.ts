/**
 * Messages that may be received, oldest first. Sends come in order and go into an array; what comes back from a receive
 * is older and goes into a heap beside it. A message that ended meanwhile is skipped when its turn comes.
 */
import { Heap } from '#base/heap.ts'
import type { Message } from '#services/sqs/message.ts'

/** Taken places that the array keeps before it is cut. */
const CUT = 4_096

export class Ready {
  #fresh: (Message | undefined)[] = []
  #head = 0
  #last = -1
  #returned: Heap<Message> | undefined

  push(message: Message): void {
    if (message.seq > this.#last) {
      this.#last = message.seq
      this.#fresh.push(message)
    } else {
      this.#returned ??= new Heap((a, b) => a.seq - b.seq)
      this.#returned.push(message)
    }
  }

  peek(): Message | undefined {
    const fresh = this.#firstFresh()
    const returned = this.#firstReturned()
    if (fresh === undefined || returned === undefined) return fresh ?? returned
    return fresh.seq < returned.seq ? fresh : returned
  }

  /** Takes out what `peek` shows. */
  pop(): Message | undefined {
    const message = this.peek()
    if (message === undefined) return undefined
    if (this.#firstReturned() === message) this.#returned?.pop()
    else this.#step()
    return message
  }

  #firstFresh(): Message | undefined {
    while (this.#head < this.#fresh.length) {
      const message = this.#fresh[this.#head]
      if (message !== undefined && message.state === 'ready') return message
      this.#step()
    }
    return undefined
  }

  #firstReturned(): Message | undefined {
    const heap = this.#returned
    if (heap === undefined) return undefined
    for (let message = heap.peek(); message !== undefined; message = heap.peek()) {
      if (message.state === 'ready') return message
      heap.pop()
    }
    return undefined
  }

  #step(): void {
    this.#fresh[this.#head++] = undefined
    if (this.#head < CUT || this.#head * 2 < this.#fresh.length) {
      if (this.#head === this.#fresh.length) this.#reset()
      return
    }
    this.#fresh = this.#fresh.slice(this.#head)
    this.#head = 0
  }

  #reset(): void {
    this.#fresh.length = 0
    this.#head = 0
  }
}
