const scheme = "bearer";
const form = /^bearer +[^\s]+ *$/i;

/** The secret in `Authorization: Bearer SECRET`; undefined when there is none. */
export const bearerSecret = (authorization = ""): string | undefined =>
  form.test(authorization) ? authorization.slice(scheme.length).trim() : undefined;
