-- Run by an administrator. The role that deploys needs ownership of the database, or create schema on it.
create database if not exists <% database %>
comment = 'Snowtape: daily stock and option market data';
