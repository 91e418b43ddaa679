/** The roles by their names in the change request, from the device to the operator. */
export const ROLES = { pne: 'PNE', 'pn-gateway': 'PN GW', 'cpns-server': 'CPNS Server' } as const;
export type RoleName = keyof typeof ROLES;

/** Who takes part in the flows of the change request. */
export type Party = (typeof ROLES)[RoleName];

export const ROLE_NAMES: readonly RoleName[] = Object.keys(ROLES).filter(isRoleName);
export const PARTIES: readonly Party[] = ROLE_NAMES.map((role) => ROLES[role]);

export function isRoleName(name: string): name is RoleName {
  return Object.hasOwn(ROLES, name);
}

/** The party that a role is, or null for a name that is none of the three. */
export function partyOfRole(role: string): Party | null {
  return isRoleName(role) ? ROLES[role] : null;
}

export function roleOfParty(party: Party): RoleName {
  const role = ROLE_NAMES.find((name) => ROLES[name] === party);
  if (role === undefined) throw new Error(`No role is called ${party}.`);
  return role;
}
