// An OpenID provider for tests: npm's oidc-provider, with its own form for signing in,
// which takes any login. Everybody is in the group that their address begins with. Usage: node provider.mjs <port> <client> <secret> <redirect URI>
import {Provider} from './oidc-provider.mjs';

const [port, client_id, client_secret, redirect] = process.argv.slice(2);
const provider = new Provider(`http://localhost:${port}`, {
  clients: [{client_id, client_secret, redirect_uris: [redirect]}],
  claims: {openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'], groups: ['groups']},
  cookies: {keys: ['of a test']},
  pkce: {required: () => true},
  async findAccount(ctx, id) {
    return {accountId: id, claims: () => ({sub: id, email: id, email_verified: true, name: 'Nia Adeyemi', groups: [id.split('@')[0]]})};
  },
});
provider.listen(port, '127.0.0.1', () => console.log('listening'));
