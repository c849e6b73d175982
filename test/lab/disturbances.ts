// What is done to two branches and what lies between them (disturbed-world.ts), and how long people may have to wait for it.
import { setTimeout as pause } from 'node:timers/promises';
import type { Disturbance } from './disturbed-world.ts';
import { blackHole, changeAddress, forgetTranslations, heal } from './network-faults.ts';
import { kill, killAll, processOf } from './processes.ts';

const HOLE_LASTS = 20_000;
/** Long enough for the other relay to have taken over. */
const SWAP_AFTER = 12_000;
const NEW_ADDRESS = '60.0.200.1';
const GAP_LIMIT = 15_000;
const NEW_ADDRESS_GAP_LIMIT = 30_000;

export const DISTURBANCES: readonly Disturbance[] = [
  {
    name: `the direct path swallows everything for ${HOLE_LASTS / 1000} s`,
    gapLimit: GAP_LIMIT,
    isEssential: true,
    disturb: async ({ kyiv, lviv }) => {
      blackHole(kyiv.site, lviv.site.outer);
      await pause(HOLE_LASTS);
      heal(kyiv.site);
    },
  },
  {
    name: 'a router forgets its NAT table',
    gapLimit: GAP_LIMIT,
    isEssential: false,
    disturb: async ({ kyiv }) => forgetTranslations(kyiv.site),
  },
  {
    name: "a branch's public address changes",
    gapLimit: NEW_ADDRESS_GAP_LIMIT,
    isEssential: true,
    disturb: async (world) => {
      const { kyiv, address } = world;
      const other = address === NEW_ADDRESS ? kyiv.site.outer : NEW_ADDRESS;
      changeAddress(kyiv.site, address, other);
      world.address = other;
    },
  },
  {
    name: "a branch's relay is killed and started again",
    gapLimit: GAP_LIMIT,
    isEssential: true,
    restarts: true,
    disturb: async ({ kyiv }) => kill(processOf(kyiv.relay, 'relay')),
  },
  {
    name: 'the region is killed and started again',
    gapLimit: GAP_LIMIT,
    isEssential: false,
    restarts: true,
    disturb: async (world) => {
      world.region = await world.restarted(world.region);
    },
  },
  {
    name: 'the enterprise, which carries what is relayed, is killed and started again',
    gapLimit: GAP_LIMIT,
    isEssential: false,
    restarts: true,
    disturb: async (world) => {
      world.enterprise = await world.restarted(world.enterprise);
    },
  },
  {
    name: "a branch's node is killed and started again",
    gapLimit: GAP_LIMIT,
    isEssential: true,
    restarts: true,
    disturb: async ({ kyiv }) => kill(processOf(kyiv.node, 'node')),
  },
];

/** After a branch was given a second relay (DisturbedWorld.addRelay). */
export const RELAYS_SWAPPED: Disturbance = {
  name: 'of two relays of a branch the first is killed; it comes back, and the second is killed',
  gapLimit: GAP_LIMIT,
  isEssential: false,
  restarts: true,
  disturb: async (world) => {
    killAll(world.kyiv.relay);
    await pause(SWAP_AFTER);
    world.kyiv = await world.deployment.relayAgain(world.kyiv);
    await pause(SWAP_AFTER);
    if (world.second) killAll(world.second);
  },
};
