// The middleware serves the session routes; it runs for routes that exist.
export const ALL = () => new Response(null, { status: 404 });
