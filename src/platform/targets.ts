/** Delivery by ARN: the service that the ARN names takes it, so that services never import each other. */
import { parseArn } from '#base/arn.ts'
import type { Accept, Delivery, DeliveryOutcome, Targets } from '#ports/targets.ts'

export class TargetTable implements Targets {
  readonly #accepts = new Map<string, Accept>()

  /** `service` is the ARN's third part, such as `lambda`. */
  register(service: string, accept: Accept): void {
    this.#accepts.set(service, accept)
  }

  async deliver(delivery: Delivery): Promise<DeliveryOutcome> {
    const arn = parseArn(delivery.arn)
    const accept = arn === undefined ? undefined : this.#accepts.get(arn.service)
    if (accept === undefined) {
      const what =
        arn === undefined
          ? 'is no ARN'
          : `names the service ${arn.service}, which takes no deliveries here yet`
      return { kind: 'refused', code: 'InvalidTarget', message: `${delivery.arn} ${what}.` }
    }
    return await accept(delivery)
  }
}
