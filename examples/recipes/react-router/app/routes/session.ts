/** The middleware serves the session routes; it runs for routes that exist. */
export const loader = () => new Response(null, { status: 404 });
export const action = loader;
