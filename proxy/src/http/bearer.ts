/** The secret in `Authorization: Bearer SECRET`; undefined when there is none. */
export const bearerSecret = (authorization: string | undefined): string | undefined =>
  /^bearer +([^\s]+) *$/i.exec(authorization ?? "")?.[1];
