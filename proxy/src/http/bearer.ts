const form = /^bearer +[^\s]+ *$/i;

/** The secret in `Authorization: Bearer SECRET`; undefined when there is none. */
export const bearerSecret = (authorization: string | undefined): string | undefined =>
  authorization !== undefined && form.test(authorization) ? authorization.slice("bearer ".length).trim() : undefined;
