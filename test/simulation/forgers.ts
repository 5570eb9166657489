import type { Endpoint } from '../../core/base/address.ts';
import { instant } from '../../core/base/time.ts';
import type { Gateway } from '../../core/gateway/io.ts';
import type { IkePort } from '../../core/ike/io.ts';
import { exchangeType } from '../../core/wire/registry/exchange-types.ts';
import type { ForgerStory } from './forger-story.ts';
import { createForger } from './parties.ts';
import type { SealMemory } from './sim-crypto.ts';
import type { Story } from './story.ts';

/** They hear the client, lose nothing, and their words reach it: of IKE_SA_INIT, and of what names their SPI. */
export class Forgers {
  readonly #story: ForgerStory;
  readonly #forgers: readonly Gateway[];

  constructor(story: Story, forgers: ForgerStory, memory: SealMemory) {
    this.#story = forgers;
    this.#forgers = Array.from({ length: forgers.count }, (_, i) => createForger(story, memory, i));
  }

  /** What they say to a datagram of the client's, each after so many milliseconds. */
  hear(
    octets: Uint8Array,
    from: Endpoint,
    via: IkePort,
    now: number,
  ): readonly { readonly octets: Uint8Array; readonly via: IkePort; readonly afterMs: number }[] {
    const exchange = octets[18];
    const hears = this.#story.speaks && exchange === exchangeType.IKE_AUTH;
    if (exchange !== exchangeType.IKE_SA_INIT && !hears) return [];
    return this.#forgers.flatMap((forger) => {
      forger.handle(octets.slice(), from, via, instant(now));
      const said = [];
      for (let output = forger.poll(); output !== undefined; output = forger.poll())
        if (output.kind === 'transmit' && isAnswer(output.octets))
          said.push({ octets: output.octets, via: output.via, afterMs: this.#story.afterMs });
      return said;
    });
  }
}

/** It asks for no cookie and no other group, which would cost the client one of the few times that it heeds that. */
function isAnswer(octets: Uint8Array): boolean {
  return octets.subarray(8, 16).some((octet) => octet !== 0);
}
