export default function Home() {
  return <a href="/account">Account</a>;
}
