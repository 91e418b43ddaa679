import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { LINK_LIMITS, SERVER_LIMITS } from '../../actors/roles/rate-limits.ts';
import { linkLimits, readLinkLimits, readServerLimits, serverLimits } from '../../cli/config/limits.ts';
import { FakeHost, temporaryFolder } from './fake-host.ts';

const folder = temporaryFolder();
afterAll(folder.remove);

const few = { burst: 3, perSecond: 0.5 };

describe('the limits of a configuration file', () => {
  test('are those of the product where it says nothing', () => {
    expect(readServerLimits()).toEqual(SERVER_LIMITS);
    expect(readLinkLimits()).toEqual(LINK_LIMITS);
  });

  test('replace those that they name, and no other', () => {
    const given = { device: { requests: few }, registrations: few };
    expect(readServerLimits(serverLimits.parse(given))).toEqual({
      ...SERVER_LIMITS,
      device: { ...SERVER_LIMITS.device, requests: few },
      registrations: few,
    });
    expect(readLinkLimits(linkLimits.parse({ gateway: { frames: few } }))).toEqual({
      ...LINK_LIMITS,
      gateway: { ...LINK_LIMITS.gateway, frames: few },
    });
  });

  test.each([
    ['server', 'limits: { device: { requests: { burst: 0, perSecond: 1 } } }', 'limits.device.requests.burst: must be'],
    ['server', 'limits: { registrations: { burst: 1, perSecond: 0 } }', 'limits.registrations.perSecond: must be'],
    ['gateway', 'limits: { device: { request: { burst: 1, perSecond: 1 } } }', 'Did you mean "requests"?'],
    ['gateway', 'limits: { gateway: { frames: { burst: 1 } } }', 'limits.gateway.frames.perSecond: is missing'],
    ['gateway', 'limits: { registrations: { burst: 1, perSecond: 1 } }', 'unknown field "registrations"'],
  ])('of cpns %s that cannot be used are refused where they stand: %s', async (role, text, said) => {
    const file = join(folder.path, `${role}.yaml`);
    writeFileSync(file, `${text}\npns: []\n`);
    const host = new FakeHost(folder.path);
    expect(await host.run(role, '--config', file)).toBe(2);
    expect(host.stderr).toContain(`${file}:1:`);
    expect(host.stderr).toContain(said);
  });
});
