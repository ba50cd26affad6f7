export default function SignIn() {
  return (
    <form method="post" action="/api/sign-in">
      <button type="submit">Sign in</button>
    </form>
  );
}
